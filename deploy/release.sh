#!/usr/bin/env bash
# Releases the version that a tag names: release.sh [--dry-run] vX.Y.Z
# Makes in artifacts/release (RELEASE_OUTPUT): the notes from CHANGELOG.md, the packages, the SBOM of the gateway (CycloneDX), their checksums. Then builds and
# pushes the image (IMAGE, CONTAINER=docker), pushes the packages where NUGET_SOURCE and NUGET_API_KEY are set, and makes the release on GitHub (gh).
# --dry-run makes the files, and prints the commands that would publish them. Before a release: set GatewayVersion in Directory.Build.props, rename
# [Unreleased] in CHANGELOG.md, commit, tag.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "$1" >&2; exit "${2:-1}"; }

dry_run=false
if [ "${1:-}" = --dry-run ]; then dry_run=true; shift; fi
[ $# -eq 1 ] || fail "usage: release.sh [--dry-run] vX.Y.Z" 2
tag=$1
[[ $tag =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || fail "usage: release.sh [--dry-run] vX.Y.Z" 2
version=${tag#v}
# A registry takes lower case alone; the owner of a repository may have other letters.
image=$(tr '[:upper:]' '[:lower:]' <<<"${IMAGE:-leonardo-gateway}")
container=${CONTAINER:-docker}
out=${RELEASE_OUTPUT:-artifacts/release}
# Tests pack what they have built: RELEASE_PACK_OPTIONS="--no-build -c Debug".
read -ra pack_options <<<"${RELEASE_PACK_OPTIONS:--c Release}"

# The key would be in the output of a dry run.
nuget_key=KEY
if ! $dry_run && [ -n "${NUGET_SOURCE:-}" ]; then nuget_key=${NUGET_API_KEY:?is missing, and NUGET_SOURCE is set}; fi

publish() { # publish COMMAND...: what others see; only printed in a dry run
  if $dry_run; then printf 'would run:'; printf ' %q' "$@"; echo; else "$@"; fi
}

echo "== checks"
declared=$(sed -nE 's|.*<GatewayVersion>(.*)</GatewayVersion>.*|\1|p' Directory.Build.props)
[ "$declared" = "$version" ] || fail "Directory.Build.props has version $declared, the tag says $version."
if ! $dry_run; then
  [ -z "$(git status --porcelain)" ] || fail "The work tree has changes that the tag does not have."
  [ "$(git rev-parse HEAD)" = "$(git rev-parse "$tag^{commit}")" ] || fail "$tag is not the commit that is checked out."
fi

echo "== notes"
rm -rf "$out"
mkdir -p "$out"
awk -v heading="## [$version]" 'index($0, heading) == 1 { found = 1; next } /^## \[/ { found = 0 } found' CHANGELOG.md |
  sed -e '/./,$!d' >"$out/notes.md"
[ -s "$out/notes.md" ] || fail "CHANGELOG.md has no section [$version]."

echo "== packages"
for project in $(grep -l '<PackageId>' src/*/*.csproj); do
  dotnet pack "$project" -v q "${pack_options[@]}" -o "$out" -p:NuspecOutputPath="$(realpath "$out")/nuspec/"
done
rm -rf "$out/nuspec"

echo "== SBOM"
dotnet tool restore >/dev/null
dotnet tool run dotnet-CycloneDX src/Gateway/Gateway.csproj --disable-package-restore --output-format Json \
  --set-name leonardo-gateway --set-version "$version" --output "$out" --filename "leonardo-gateway-$version.cdx.json" >/dev/null
(cd "$out" && sha256sum -- *.nupkg *.cdx.json >SHA256SUMS)

echo "== image"
publish "$container" build --pull --label "org.opencontainers.image.version=$version" \
  --label "org.opencontainers.image.revision=$(git rev-parse HEAD)" -t "$image:$version" .
publish "$container" push "$image:$version"

echo "== publish"
if [ -n "${NUGET_SOURCE:-}" ]; then
  for package in "$out"/*.nupkg; do
    # A version that was published by an earlier run of the same release is no failure.
    publish dotnet nuget push "$package" --source "$NUGET_SOURCE" --skip-duplicate --api-key "$nuget_key"
  done
fi
options=()
if [[ $version == *-* ]]; then options+=(--prerelease); fi
publish gh release create "$tag" --verify-tag --title "$tag" --notes-file "$out/notes.md" "${options[@]}" "$out"/*.nupkg "$out"/*.cdx.json "$out/SHA256SUMS"
echo "released $tag$($dry_run && echo " (dry run: nothing was published)" || true)"
