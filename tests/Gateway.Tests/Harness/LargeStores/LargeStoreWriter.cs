namespace Gateway.Tests.Harness.LargeStores;

/// <summary>Writes many rows into the tables of an empty store, without their secondary indexes.</summary>
internal abstract class LargeStoreWriter : IAsyncDisposable
{
    /// <summary>Drops the secondary indexes.</summary>
    /// <exception cref="InvalidOperationException">There are reservations in the store.</exception>
    public abstract Task BeginAsync();

    /// <param name="values">
    /// One for each column, of the type that .NET has for it: <c>short</c> for <c>smallint</c>, <c>Guid</c> for
    /// <c>uuid</c>.
    /// </param>
    public abstract void Write(LargeStoreTable table, params object?[] values);

    /// <summary>Sets the one row of the ledger.</summary>
    /// <param name="highWater">Microseconds since 1970.</param>
    public abstract void SetLedger(long highWater, long events, long sent);

    /// <summary>Creates the indexes again, and makes everything durable.</summary>
    public abstract Task CompleteAsync();

    public abstract ValueTask DisposeAsync();

    protected static InvalidOperationException NotEmpty() => new("There are reservations in this store. Only an empty one can be filled.");
}
