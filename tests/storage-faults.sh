#!/usr/bin/env bash
# Lets the disk below a gateway on SQLite fail, be full or be slow, or ends the gateway, in one of its fsync, pwrite64, ftruncate and unlink calls, again and again
# under load. Fails if anything was lost, over-admitted, sent or paid twice: tests/storage-faults.sh [FAULTS=300]
set -euo pipefail
cd "$(dirname "$0")/.."
export STORAGE_FAULTS=${1:-300}
dotnet build tests/Gateway.Tests -c Release -v q --nologo
exec dotnet tests/Gateway.Tests/bin/Release/net10.0/Gateway.Tests.dll -noColor -noLogo -class "*StorageFaultTests"
