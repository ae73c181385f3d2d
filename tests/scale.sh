#!/usr/bin/env bash
# Compares the gateway on a large store with the gateway on an empty one, side by side in one run: admissions at a fixed rate, reports, start, memory
# and disk. Prints a Markdown table (docs/measured.md says what it means). By hand: tests/scale.sh [N=1000000] [sqlite|postgresql] [SECONDS=300]
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build tests/Gateway.Benchmarks -c Release -v q --nologo >&2
exec dotnet tests/Gateway.Benchmarks/bin/Release/net10.0/Gateway.Benchmarks.dll scale "$@"
