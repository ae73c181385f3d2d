#!/usr/bin/env bash
# Runs six HTTP clients that repeat a POST on their own against every fault that follows Leonardo's acceptance, and prints a table:
# requests that reached the gateway → charges (docs/clients.md). A test run has a selection of the pairs. By hand: tests/clients.sh
set -euo pipefail
cd "$(dirname "$0")/.."
(cd tests/sdk && npm ci --no-progress --loglevel=error >&2)
dotnet build tests/Gateway.Tests -c Release -v q --nologo >&2
CLIENT_FAULTS=all dotnet tests/Gateway.Tests/bin/Release/net10.0/Gateway.Tests.dll -noColor -noLogo \
  -class Gateway.Tests.Generations.Clients.ClientTests -showLiveOutput | sed -nE -e 's/^.*\[OUTPUT\] (\|.*)/\1/p' -e '/^\| |Shouldly|Total:/p' | uniq
