using Gateway.Edge;
using Gateway.Storage;

namespace Gateway.Results;

/// <param name="Deadline">The age at which a pending generation counts as stuck.</param>
/// <param name="PollsPerMinute">
/// The limit of this replica. The account allows 2000 requests of any kind a minute, for all replicas together.
/// </param>
/// <param name="Retention">How long an ended generation can be read; null: for ever.</param>
internal sealed record WatcherOptions(TimeSpan Deadline, int PollsPerMinute, TimeSpan? Retention)
{
    public static WatcherOptions Read(Settings settings) =>
        new(
            settings.Duration("Leonardo:GenerationDeadline", TimeSpan.FromMinutes(10)),
            settings.Integer("Leonardo:PollsPerMinute", defaultValue: 1200, min: 1, max: 100_000),
            settings.GetString("Results:Retention") is null ? null : settings.Duration("Results:Retention", TimeSpan.FromDays(90))
        );
}
