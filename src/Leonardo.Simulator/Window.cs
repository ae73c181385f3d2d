namespace Leonardo.Simulator;

/// <summary>A sliding window: a limit for any 60 seconds.</summary>
internal sealed class Window
{
    private readonly Queue<DateTimeOffset> times = new();

    public bool TryTake(DateTimeOffset now, int limit)
    {
        if (limit == 0)
        {
            return true;
        }

        while (times.TryPeek(out var oldest) && now - oldest >= TimeSpan.FromMinutes(1))
        {
            times.Dequeue();
        }

        if (times.Count >= limit)
        {
            return false;
        }

        times.Enqueue(now);
        return true;
    }

    public void Clear() => times.Clear();
}
