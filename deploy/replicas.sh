#!/usr/bin/env bash
# Three replicas, PostgreSQL and nginx as plain processes, under load, with a rolling restart. Then it checks that every request was answered
# with a documented status, and that ledger, metrics and the simulator's invoice agree. Leaves nothing running.
#   deploy/replicas.sh [SECONDS]      (of load besides the restarts; builds nothing: dotnet build -c Release first, or set GATEWAY_DLL and SIMULATOR_DLL)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${1:-20}
gateway_dll=${GATEWAY_DLL:-$root/src/Gateway/bin/Release/net10.0/Gateway.dll}
simulator_dll=${SIMULATOR_DLL:-$root/src/Leonardo.Simulator/bin/Release/net10.0/Leonardo.Simulator.dll}
pg=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
work=$(mktemp -d)
pids=()
as_postgres() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; else "$@"; fi; }
finish() {
  rm -f "$work/load"
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  [ -f "$work/nginx.pid" ] && kill "$(cat "$work/nginx.pid")" 2>/dev/null || true
  as_postgres "$pg/pg_ctl" -D "$work/db" -m immediate stop >/dev/null 2>&1 || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
until_ok() { for _ in $(seq 600); do curl -fsS -o /dev/null "$1" 2>/dev/null && return; sleep 0.1; done; echo "$1 did not come up" >&2; tail -n 20 "$work"/*.log >&2; exit 1; }

db_port=$(free_port) sim_port=$(free_port) balancer=$(free_port)
ports=("$(free_port)" "$(free_port)" "$(free_port)")
mkdir "$work/db" "$work/sock" && chmod 755 "$work"
[ "$(id -u)" = 0 ] && chown nobody "$work/db" "$work/sock"
as_postgres "$pg/initdb" -D "$work/db" -U gateway -A trust --no-sync >"$work/initdb.log"
as_postgres "$pg/pg_ctl" -D "$work/db" -w -l "$work/db/log" -o "-p $db_port -c listen_addresses=127.0.0.1 -k $work/sock" start >/dev/null
"$pg/createdb" -h 127.0.0.1 -p "$db_port" -U gateway gateway

cat >"$work/tenants.json" <<'JSON'
{ "tenants": [ { "id": "team", "identify": { "networks": ["127.0.0.0/8"] } } ] }
JSON
echo -n a-token-for-the-operator >"$work/admin-tokens"
key=$(cat /proc/sys/kernel/random/uuid)
dotnet "$simulator_dll" --urls "http://127.0.0.1:$sim_port" --key "$key" --per-minute 0 --slots 100000 --pending 100000 --balance 1000000 >"$work/simulator.log" 2>&1 & pids+=($!)
until_ok "http://127.0.0.1:$sim_port/_sim/stats"

declare -A replica
start_replica() { # start_replica PORT
  (cd "$work" && exec env ASPNETCORE_HTTP_PORTS="$1" Leonardo__ApiKey="$key" Leonardo__BaseUrl="http://127.0.0.1:$sim_port/api/rest" \
    Leonardo__ConcurrentGenerations=100000 Leonardo__GenerationsPerMinute=1000000 Admin__TokenFile="$work/admin-tokens" Tenants__File="$work/tenants.json" \
    Storage__Engine=PostgreSql "Storage__ConnectionString=Host=127.0.0.1;Port=$db_port;Database=gateway;Username=gateway" \
    Identification__TrustedProxies=127.0.0.2 dotnet "$gateway_dll") >>"$work/gateway-$1.log" 2>&1 &
  replica[$1]=$!; pids+=($!)
}
for port in "${ports[@]}"; do start_replica "$port"; done
for port in "${ports[@]}"; do until_ok "http://127.0.0.1:$port/health/ready"; done

# nginx/nginx.conf as it is, but for the port; the servers are these.
sed -e "s#listen 8080#listen 127.0.0.1:$balancer#; s#/tmp/#$work/#g" "$root/deploy/nginx/nginx.conf" >"$work/nginx.conf"
balance() { # balance [PORT]: over all replicas but this one
  local one
  for one in "${ports[@]}"; do echo "server 127.0.0.1:$one max_fails=1 fail_timeout=2s$([ "$one" = "${1-}" ] && echo ' down');"; done >"$work/upstream.conf"
}
# Returns when no request is on its way by the old servers: an old worker ends after its last one.
reload() {
  local master worker workers
  master=$(cat "$work/nginx.pid")
  workers=$(cat "/proc/$master/task/$master/children")
  nginx -c "$work/nginx.conf" -p "$work" -s reload 2>>"$work/nginx.log"
  for worker in $workers; do while kill -0 "$worker" 2>/dev/null; do sleep 0.1; done; done
}
balance
nginx -c "$work/nginx.conf" -p "$work" 2>"$work/nginx.log"
until_ok "http://127.0.0.1:$balancer/v1/usage"

one_client() { # one_client N: different requests one after another while there is a file "load", a status a line
  local request=0
  while [ -e "$work/load" ]; do
    curl -s -o /dev/null -w '%{http_code}\n' --max-time 60 -H 'Content-Type: application/json' "http://127.0.0.1:$balancer/v2/generations" \
      -d '{"model":"flux-pro-2.0","parameters":{"prompt":"Cat '"$1-$((++request))"'","width":256,"height":256}}' >>"$work/status.$1" || true
  done
}
clients=()
touch "$work/load"
for n in 1 2 3 4; do one_client "$n" & clients+=($!); done
sleep $((seconds / 2))
for port in "${ports[@]}"; do
  # Out of the balancer first: a request that nginx sends in the moment in which a replica closes its port gets nginx's own 502.
  balance "$port"; reload
  kill -TERM "${replica[$port]}"; wait "${replica[$port]}" || { echo "replica on $port ended with $?" >&2; exit 1; }
  start_replica "$port"; until_ok "http://127.0.0.1:$port/health/ready"
  balance; reload
done
sleep $((seconds / 2))
rm "$work/load"
wait "${clients[@]}"

cat "$work"/status.* | sort | uniq -c | awk '{print $2": "$1}'
# 000: no answer. A 502 or 504 without a problem body is nginx's own; there are none when every replica finishes what it accepted.
if cat "$work"/status.* | grep -vxE '200|429|503'; then echo "a request was not answered with a documented status" >&2; cat "$work/nginx.log" >&2; exit 1; fi
made=$(cat "$work"/status.* | grep -cx 200)
until [ "$(curl -fsS -H 'Authorization: Bearer a-token-for-the-operator' "http://127.0.0.1:${ports[0]}/admin/generations?state=held" | jq '.generations | length')" = 0 ]; do sleep 0.2; done
charged=$(curl -fsS -H 'Authorization: Bearer a-token-for-the-operator' "http://127.0.0.1:${ports[0]}/admin/usage?by=tenant")
invoice=$(curl -fsS "http://127.0.0.1:$sim_port/_sim/invoice" | tail -n 1)
echo "answered 200: $made; ledger: $(jq -c .totals <<<"$charged"); invoice: $invoice"
[ "$(jq .totals.generations <<<"$charged")" = "$(jq .generations <<<"$invoice")" ]
[ "$(jq -n --argjson charged "$charged" --argjson invoice "$invoice" '$charged.totals.usd == ($invoice.total | tonumber)')" = true ]
[ "$(jq .totals.generations <<<"$charged")" = "$made" ]
echo "exact"
