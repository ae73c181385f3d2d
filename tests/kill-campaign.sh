#!/usr/bin/env bash
# The kill campaign, as long as you like: tests/kill-campaign.sh [ROUNDS=100] [SQLite|PostgreSQL]
# Gateways under load are killed (kill -9) at random moments; in the end ledger, invoice and answers must agree. One line of figures for each 100 rounds.
set -euo pipefail
cd "$(dirname "$0")/.."
export CAMPAIGN_ROUNDS=${1:-100}
dotnet build tests/Gateway.Tests -c Release -v q --nologo
exec dotnet tests/Gateway.Tests/bin/Release/net10.0/Gateway.Tests.dll -noColor -noLogo -method "*on_${2:-*}" -class "*KillCampaignTests"
