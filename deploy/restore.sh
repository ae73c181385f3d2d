#!/usr/bin/env bash
# Restores a backup of backup.sh: restore.sh sqlite BACKUP FILE.db, or restore.sh postgresql BACKUP CONNECTION-URI (an empty database). Gateways are stopped.
# Charges made after the backup are missing: compare GET /admin/usage with Leonardo's invoice, and lower limits or grant accordingly.
set -euo pipefail
case "${1:-}" in
  sqlite)
    [ "$(sqlite3 "$2" 'pragma integrity_check;')" = ok ] || { echo "$2 is not an intact backup" >&2; exit 1; }
    [ ! -e "$3" ] || { echo "$3 exists: move it and its -wal away first" >&2; exit 1; }
    # A log of another file must not be applied to this one.
    rm -f "$3-wal" "$3-shm"
    cp "$2" "$3.new" && chmod 600 "$3.new" && mv "$3.new" "$3"
    ;;
  postgresql) pg_restore --exit-on-error --single-transaction --no-owner --dbname="$3" "$2" ;;
  *) echo "usage: restore.sh sqlite BACKUP FILE | postgresql BACKUP URI" >&2; exit 2 ;;
esac
echo "restored from $2"
