#!/usr/bin/env bash
# Ten times as many requests as quotas or slots allow, against a real process: prints what was answered, how fast, and the memory. Fails if a refusal takes
# 50 ms or more (99 %), readiness 100 ms, or if the account is used less than with twice as many callers as slots. By hand, on a quiet machine: tests/overload.sh [SECONDS=60]
set -euo pipefail
cd "$(dirname "$0")/.."
export OVERLOAD_SECONDS=${1:-60}
dotnet build tests/Gateway.Tests -c Release -v q --nologo
exec dotnet tests/Gateway.Tests/bin/Release/net10.0/Gateway.Tests.dll -noColor -noLogo -class "*OverloadTests"
