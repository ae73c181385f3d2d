#!/usr/bin/env bash
# Cuts the power of a gateway on SQLite, immediately after an answer, again and again: what strace says was not flushed is dropped. Fails if something was lost for
# good, over-admitted or sent twice: tests/power-cut.sh [CUTS=30]
set -euo pipefail
cd "$(dirname "$0")/.."
export POWER_CUTS=${1:-30}
dotnet build tests/Gateway.Tests -c Release -v q --nologo
exec dotnet tests/Gateway.Tests/bin/Release/net10.0/Gateway.Tests.dll -noColor -noLogo -class "*PowerCutTests"
