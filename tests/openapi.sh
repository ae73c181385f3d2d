#!/usr/bin/env bash
# Rewrites openapi/v1.json and openapi/admin.json with the documents that the gateway serves, and what is generated from them: the types of the
# .NET client, and the Postman collection. Run it after a change of a route, a type or a text, and commit the files.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build -v q tests/Gateway.Tests
GATEWAY_WRITE_OPENAPI=1 dotnet tests/Gateway.Tests/bin/Debug/net10.0/Gateway.Tests.dll -noColor \
  -class Gateway.Tests.OpenApi.CommittedDocumentTests -class Gateway.Tests.OpenApi.Clients.ClientContractsTests
node tests/generators/postman.mjs write
git --no-pager diff --stat -- openapi src/Leonardo.Gateway.Client
