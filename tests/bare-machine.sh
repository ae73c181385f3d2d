#!/usr/bin/env bash
# Runs the tests as on a machine that has only .NET and the essential programs of Debian: no PostgreSQL, Node, Chromium, curl, jq, nginx ...
# Tests that need a program must be skipped, and none may fail. Build first. By hand: tests/bare-machine.sh [CONFIGURATION] [ARGUMENTS FOR THE RUNNER]
set -euo pipefail
cd "$(dirname "$0")/.."
configuration=${1:-Debug}
shift || true

programs=$(mktemp -d)
output=$(mktemp)
trap 'rm -rf "$programs" "$output"' EXIT
dpkg-query -W -f '${Essential} ${Package}\n' | sed -n 's/^yes //p' | xargs dpkg -L | grep -E '^(/usr)?/s?bin/[^/]+$' | sort -u |
  while read -r program; do ln -sf "$program" "$programs/"; done
ln -s "$(readlink -f "$(command -v dotnet)")" "$programs/dotnet"

# Programs outside PATH: the tests know one such folder. A private mount hides it; where that is not allowed, a variable does.
hide=()
if [ -d /usr/lib/postgresql ]; then
  if unshare --mount true 2>/dev/null; then
    hide=("$(command -v unshare)" --mount sh -c "$(command -v mount) -t tmpfs none /usr/lib/postgresql && exec \"\$@\"" sh)
  else
    export INSTALLED_PROGRAMS_ROOT=$programs
  fi
fi

status=0
env -u CI -u CHROMIUM PATH="$programs" "${hide[@]}" dotnet test -c "$configuration" --no-build -- "$@" >"$output" 2>&1 || status=$?
grep -E '^(failed|  (error|total|failed|succeeded|skipped):)' "$output" || true
if [ "$status" -ne 0 ]; then
  cat "$output"
  echo "A test fails on a machine without the optional programs. Let it call Tools.Need before it starts one." >&2
elif ! grep -qE '^ *skipped: *[1-9]' "$output"; then
  echo "No test was skipped: the programs were not hidden." >&2
  status=1
fi
exit "$status"
