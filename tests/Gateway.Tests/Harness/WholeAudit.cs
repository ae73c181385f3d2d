using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Storage;

namespace Gateway.Tests.Harness;

/// <summary>The gateway's audit over everything in a small store, at one instant.</summary>
internal static class WholeAudit
{
    /// <returns>One line for each violation.</returns>
    public static Task<IReadOnlyList<string>> RunAsync(Database database, QuotaOptions options) =>
        database.ReadSnapshotAsync(
            (connection, cancellationToken) => StoreAudit.CheckAsync(connection, options, cancellationToken),
            CancellationToken.None
        );
}
