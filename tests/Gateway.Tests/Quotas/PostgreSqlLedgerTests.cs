using Gateway.Tests.Harness;

namespace Gateway.Tests.Quotas;

public sealed class PostgreSqlLedgerTests : LedgerContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}
