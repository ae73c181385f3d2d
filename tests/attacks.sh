#!/usr/bin/env bash
# One tenant works while another attacks the account, in real processes: prints a Markdown table of what the first one sees, in milliseconds. Fails if it is
# refused anything, if 95 % of its generations take more than twice as long as without an attack, or if ends are noticed late while requests wait. By hand, on a quiet machine: tests/attacks.sh [SECONDS=60]
set -euo pipefail
cd "$(dirname "$0")/.."
export ATTACK_SECONDS=${1:-60}
dotnet build tests/Gateway.Tests -c Release -v q --nologo
exec dotnet tests/Gateway.Tests/bin/Release/net10.0/Gateway.Tests.dll -noColor -noLogo -class "*AttackCampaignTests"
