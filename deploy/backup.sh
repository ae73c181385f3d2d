#!/usr/bin/env bash
# Backs up the store into a new file: backup.sh sqlite FILE.db BACKUP, or backup.sh postgresql CONNECTION-URI BACKUP.
# PostgreSQL: while the gateway runs. SQLite: while it runs if GATEWAY_COMMAND is the command that starts its program on this machine, as the gateway's user:
#   GATEWAY_COMMAND="dotnet /opt/gateway/Gateway.dll" backup.sh sqlite data/gateway.db gateway.backup
# (in a container: docker compose exec gateway dotnet Gateway.dll backup /data/gateway.backup). Without GATEWAY_COMMAND this needs sqlite3 and a stopped gateway,
# because a running one locks its file.
set -euo pipefail
[ $# -eq 3 ] || { echo "usage: backup.sh sqlite FILE BACKUP | postgresql URI BACKUP" >&2; exit 2; }
[ ! -e "$3" ] || { echo "$3 exists: a backup overwrites nothing" >&2; exit 1; }
case "$1" in
  sqlite)
    [ -f "$2" ] || { echo "there is no $2" >&2; exit 1; }
    if [ -n "${GATEWAY_COMMAND:-}" ]; then
      exec env Storage__Engine=Sqlite Storage__ConnectionString="Data Source=$2" $GATEWAY_COMMAND backup "$3"
    fi
    # The write-ahead log is part of the store: it is written back before the copy.
    sqlite3 -cmd '.timeout 1000' "$2" 'pragma wal_checkpoint(truncate);' >/dev/null || { echo "$2 is in use: stop the gateway, or set GATEWAY_COMMAND" >&2; exit 1; }
    sqlite3 "$2" ".backup '$3'"
    [ "$(sqlite3 "$3" 'pragma integrity_check;')" = ok ]
    ;;
  postgresql) pg_dump --format=custom --file="$3" "$2" ;;
  *) echo "usage: backup.sh sqlite FILE BACKUP | postgresql URI BACKUP" >&2; exit 2 ;;
esac
chmod 600 "$3"
echo "backed up to $3"
