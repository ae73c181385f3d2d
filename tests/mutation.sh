#!/usr/bin/env bash
# Mutation tests (Stryker) of the ledger's rules or of how Leonardo's replies are classified: in a copy that has only the tests of that part, on SQLite.
# Prints the mutants that no test notices. By hand: tests/mutation.sh [rules|replies] [FILES, for example **/AdmissionRules.cs]
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-rules} in
  rules) files='**/Ledger/Rules/*.cs' tests='Ledger/**/*.cs' ;;
  replies) files='**/Leonardo/Replies/*.cs' tests='Leonardo/**/*.cs;Generations/UpstreamFaultTests.cs;Results/WatcherTests.cs' ;;
  *) echo "There are rules and replies." >&2; exit 2 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$folder" 2>/dev/null
dotnet tool install dotnet-stryker --version 5.1.0 --tool-path "$folder/stryker" >/dev/null
cd "$folder/tests/Gateway.Tests"
sed -i "0,/<ItemGroup>/s||<ItemGroup><Compile Remove=\"**/*.cs\" /><Compile Include=\"Harness/**/*.cs;$tests\" /></ItemGroup>\n  <ItemGroup>|" Gateway.Tests.csproj
cat >"$folder/stryker.json" <<EOF
{ "stryker-config": {
  "project": "Gateway.csproj", "test-runner": "mtp", "mutate": ["${2:-$files}"], "ignore-mutations": ["string"],
  "coverage-analysis": "off", "reporters": ["json", "dots"]
} }
EOF
# Without PostgreSQL and with few random histories: each mutant is tested.
mkdir "$folder/none"
env -u CI INSTALLED_PROGRAMS_ROOT="$folder/none" LEDGER_STEPS=500 RunAnalyzers=false \
  "$folder/stryker/dotnet-stryker" --config-file "$folder/stryker.json" --output "$folder/out" --skip-version-check
python3 - "$folder"/out/reports/*.json <<'EOF'
import json, sys
counts = {}
for name, file in json.load(open(sys.argv[1]))["files"].items():
    for mutant in file["mutants"]:
        status = mutant["status"]
        counts[status] = counts.get(status, 0) + 1
        if status in ("Survived", "NoCoverage"):
            line = mutant["location"]["start"]["line"]
            print(f"{name.split('/src/Gateway/')[-1]}:{line} {mutant['mutatorName']}: {mutant.get('replacement', '')}")
print(", ".join(f"{count} {status.lower()}" for status, count in sorted(counts.items())))
EOF
