using Gateway.Tests.Harness;

namespace Gateway.Tests.Ledger;

/// <summary>A test of the ledger on one engine. After each test the ledger must agree with itself.</summary>
public abstract class LedgerTest : IAsyncLifetime
{
    private protected LedgerHarness Harness { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Harness = await CreateAsync();

    public async ValueTask DisposeAsync()
    {
        try
        {
            (await Harness.AuditAsync()).ShouldBeEmpty();
        }
        finally
        {
            await Harness.DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }

    private protected abstract Task<LedgerHarness> CreateAsync();
}
