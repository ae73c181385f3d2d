namespace Leonardo.Simulator;

/// <summary>How many in any 60 seconds.</summary>
internal sealed class Window
{
    private readonly Queue<DateTimeOffset> moments = new();

    public bool Allows(DateTimeOffset now, int limit)
    {
        if (limit == 0)
        {
            return true;
        }

        while (moments.TryPeek(out var oldest) && now - oldest >= TimeSpan.FromMinutes(1))
        {
            moments.Dequeue();
        }

        if (moments.Count >= limit)
        {
            return false;
        }

        moments.Enqueue(now);
        return true;
    }

    public void Clear() => moments.Clear();
}
