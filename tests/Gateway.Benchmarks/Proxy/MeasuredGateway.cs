namespace Gateway.Benchmarks.Proxy;

/// <summary>A gateway and what must be true of its store after the run.</summary>
/// <param name="Before">How many generations the store held at the start.</param>
internal sealed record MeasuredGateway(Target Target, GatewayStore Store, long Before)
{
    /// <summary>Stops it, and compares what it accepted with what its store has.</summary>
    /// <param name="accepted">Generations that were answered with 200.</param>
    public void Verify(int accepted)
    {
        Target.Stop();
        var (all, complete) = Store.Count();
        if (all - Before != accepted || complete - Before != accepted)
        {
            throw new InvalidOperationException(
                $"{Target.Name} accepted {accepted} generations; its store has {all - Before}, of which {complete - Before} are complete."
            );
        }
        Report.Print($"{Target.Name}: {accepted:N0} generations accepted, {complete - Before:N0} complete in the store.  ");
    }
}
