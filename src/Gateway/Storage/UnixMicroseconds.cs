namespace Gateway.Storage;

/// <summary>How the store keeps time: microseconds since 1970 UTC.</summary>
internal static class UnixMicroseconds
{
    public static long From(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Micros();

    public static long? From(DateTimeOffset? at) => at is { } value ? From(value) : null;

    /// <exception cref="OverflowException">Not a time that .NET can express.</exception>
    public static DateTimeOffset ToTime(long micros) => DateTimeOffset.UnixEpoch.AddTicks(checked(micros * TimeSpan.TicksPerMicrosecond));

    public static DateTimeOffset? ToTime(long? micros) => micros is { } value ? ToTime(value) : null;

    public static long Micros(this DateTimeOffset at) => From(at);

    public static long Micros(this TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
