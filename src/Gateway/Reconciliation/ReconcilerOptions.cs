using Gateway.Edge;

namespace Gateway.Reconciliation;

/// <param name="AbsentAfter">How long after a request can no longer be sent its absence from the list counts as proof.</param>
internal sealed record ReconcilerOptions(TimeSpan AbsentAfter)
{
    public static ReconcilerOptions Read(Settings settings) => new(settings.Duration("Reconciler:AbsentAfter", TimeSpan.FromMinutes(2)));
}
