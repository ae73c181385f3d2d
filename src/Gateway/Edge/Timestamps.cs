namespace Gateway.Edge;

/// <summary>Timestamps of the monotonic clock.</summary>
internal static class Timestamps
{
    public static long After(this TimeProvider time, long timestamp, TimeSpan span) =>
        timestamp + (long)(span.TotalSeconds * time.TimestampFrequency);
}
