using Gateway.Tests.Harness;

namespace Gateway.Tests.Quotas;

public sealed class SqliteLedgerTests : LedgerContract
{
    private protected override Task<LedgerHarness> CreateAsync() => Task.FromResult<LedgerHarness>(new SqliteHarness());
}
