using Gateway.Edge;

namespace Gateway.Reconciliation;

/// <param name="AbsentAfter">
/// How long a request that can no longer be sent must be missing from the list before that counts as proof.
/// </param>
internal sealed record ReconcilerOptions(TimeSpan AbsentAfter)
{
    public static ReconcilerOptions Read(Settings settings) => new(settings.Duration("Reconciler:AbsentAfter", TimeSpan.FromMinutes(2)));
}
