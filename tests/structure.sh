#!/usr/bin/env bash
# Prints figures about the structure of src/Gateway: lengths, comments, interfaces, citations, banned words. By hand: tests/structure.sh
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build tests/Gateway.Tests -v q --nologo >/dev/null
dotnet tests/Gateway.Tests/bin/Debug/net10.0/Gateway.Tests.dll -noColor -noLogo -showLiveOutput \
  -method '*.The_table_of_the_structure_is_printed' | sed -nE 's/^.*\[OUTPUT\] //p'
