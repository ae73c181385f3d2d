#!/usr/bin/env bash
# A client that does what RateLimit and Retry-After say, beside a tenant that wants all slots: it must be refused nothing. By hand: tests/obedient.sh [SECONDS=600]
set -euo pipefail
cd "$(dirname "$0")/.."
export OBEDIENT_SECONDS=${1:-600}
dotnet build tests/Gateway.Tests -c Release -v q --nologo
exec dotnet tests/Gateway.Tests/bin/Release/net10.0/Gateway.Tests.dll -noColor -noLogo -class "*ObedientClientTests"
