using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Harness;

/// <summary>A wall clock that can be set, and a monotonic clock that only advances.</summary>
internal sealed class AdjustableClock : TimeProvider
{
    private readonly FakeTimeProvider _monotonic = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
    private TimeSpan _set;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => _monotonic.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _monotonic.GetUtcNow() + _set;

    public override long GetTimestamp() => _monotonic.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _monotonic.CreateTimer(callback, state, dueTime, period);

    public void Advance(TimeSpan by) => _monotonic.Advance(by);

    public void SetWall(DateTimeOffset to) => _set = to - _monotonic.GetUtcNow();
}
