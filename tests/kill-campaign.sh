#!/usr/bin/env bash
# Runs the kill campaign: gateways under load are killed (kill -9) at random moments, and afterwards the ledger, the invoice of the
# simulator and the responses must agree. Prints one line of figures per 100 rounds. By hand: tests/kill-campaign.sh [ROUNDS=100] [SQLite|PostgreSQL]
set -euo pipefail
cd "$(dirname "$0")/.."
export CAMPAIGN_ROUNDS=${1:-100}
dotnet build tests/Gateway.Tests -c Release -v q --nologo
exec dotnet tests/Gateway.Tests/bin/Release/net10.0/Gateway.Tests.dll -noColor -noLogo -method "*on_${2:-*}" -class "*KillCampaignTests"
