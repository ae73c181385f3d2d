#!/usr/bin/env bash
# Builds the Dockerfile and runs the image as an operator does (non-root, read-only root, no capabilities), on a machine without a
# container daemon and registry: with buildah and podman, on substitute base images made of Debian packages and the installed .NET.
# It shows that the steps work, not that the real base images do. Needs root, debootstrap, buildah, podman, runc. By hand: tests/container.sh
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'podman "${store[@]}" rm -fa >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
store=(--root "$work/root" --runroot "$work/run" --storage-driver vfs)
export BUILDAH_ISOLATION=chroot

echo "== substitute base images"
mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -n 1)
debootstrap --variant=minbase --include=ca-certificates,libicu72,libssl3,libstdc++6,zlib1g bookworm "$work/base" "$mirror" >/dev/null
mkdir -p "$work/base/usr/share/dotnet"
dotnet_root=$(dirname "$(readlink -f "$(command -v dotnet)")")
cp -a "$dotnet_root/dotnet" "$dotnet_root/host" "$dotnet_root/shared" "$work/base/usr/share/dotnet/"
cp -a /etc/ssl/certs/. "$work/base/etc/ssl/certs/" # the certificates that this machine trusts, for the restore
ln -s /usr/share/dotnet/dotnet "$work/base/usr/bin/dotnet"
runtime=$(buildah "${store[@]}" from scratch)
buildah "${store[@]}" copy -q "$runtime" "$work/base" / >/dev/null
buildah "${store[@]}" commit -q "$runtime" localhost/runtime >/dev/null
cp -a "$dotnet_root/sdk" "$dotnet_root/packs" "$dotnet_root/templates" "$dotnet_root/sdk-manifests" "$work/base/usr/share/dotnet/" 2>/dev/null || true
sdk=$(buildah "${store[@]}" from scratch)
buildah "${store[@]}" copy -q "$sdk" "$work/base" / >/dev/null
buildah "${store[@]}" commit -q "$sdk" localhost/sdk >/dev/null

echo "== the Dockerfile"
buildah "${store[@]}" bud -q --pull-never --volume "$HOME/.nuget:/root/.nuget" \
  --build-arg SDK_IMAGE=localhost/sdk --build-arg RUNTIME_IMAGE=localhost/runtime -t localhost/gateway . >"$work/build.log" 2>&1 ||
  { tail -n 40 "$work/build.log"; exit 1; }

echo "== the image, as an operator runs it"
port=18080
mkdir -p "$work/data"
chown 64198:64198 "$work/data"
podman "${store[@]}" --runtime runc run -d --name gateway --network host --read-only --tmpfs /tmp --cap-drop all \
  --security-opt no-new-privileges --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
  -v "$work/data:/data" -v "$PWD/deploy/tenants.compose.json:/etc/gateway/tenants.json:ro" \
  -e ASPNETCORE_HTTP_PORTS=$port -e Leonardo__Simulator=true localhost/gateway >/dev/null
for _ in $(seq 60); do
  curl -fs "localhost:$port/health/ready" >/dev/null && break
  sleep 0.5
done
curl -fsS "localhost:$port/health/ready"; echo
podman "${store[@]}" exec gateway dotnet Gateway.dll health && echo "health check: ok"
podman "${store[@]}" exec gateway sh -c 'id -u; touch /app/x 2>&1 || true; touch /etc/x 2>&1 || true'
podman "${store[@]}" logs gateway 2>&1 | head -n 5
podman "${store[@]}" stop -t 45 gateway >/dev/null
echo "ok"
