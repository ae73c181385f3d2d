#!/usr/bin/env bash
# Backs up the store: backup.sh sqlite FILE.db BACKUP, or backup.sh postgresql CONNECTION-URI BACKUP.
# PostgreSQL: while the gateway runs. SQLite: the gateway locks its file, so stop it first; it takes a second.
set -euo pipefail
case "${1:-}" in
  sqlite)
    [ -f "$2" ] || { echo "there is no $2" >&2; exit 1; }
    # The write-ahead log is part of the store: it is written back before the copy.
    sqlite3 -cmd '.timeout 1000' "$2" 'pragma wal_checkpoint(truncate);' >/dev/null || { echo "$2 is in use: stop the gateway" >&2; exit 1; }
    sqlite3 "$2" ".backup '$3'"
    [ "$(sqlite3 "$3" 'pragma integrity_check;')" = ok ]
    ;;
  postgresql) pg_dump --format=custom --file="$3" "$2" ;;
  *) echo "usage: backup.sh sqlite FILE BACKUP | postgresql URI BACKUP" >&2; exit 2 ;;
esac
chmod 600 "$3"
echo "backed up to $3"
