namespace Gateway.Results;

/// <summary>A token bucket for polls that holds ten seconds' worth. Not thread-safe.</summary>
internal sealed class PollRate(int perMinute, TimeProvider time)
{
    private readonly double _perSecond = perMinute / 60.0;
    private readonly double _capacity = Math.Max(1, perMinute / 6.0);
    private double _left = Math.Max(1, perMinute / 6.0);
    private long _at = time.GetTimestamp();

    public int Left
    {
        get
        {
            var now = time.GetTimestamp();
            _left = Math.Min(_capacity, _left + time.GetElapsedTime(_at, now).TotalSeconds * _perSecond);
            _at = now;
            return (int)_left;
        }
    }

    public void Spend() => _left--;
}
