namespace Gateway.Tests.Harness;

/// <summary>
/// Waits until another thread or process has done something. The limit is far above what a slow machine needs.
/// </summary>
internal static class Eventually
{
    public static Task HoldsAsync(Func<bool> condition) => HoldsAsync(() => Task.FromResult(condition()));

    /// <param name="seconds">More than the default only where a slow machine may need it.</param>
    public static async Task HoldsAsync(Func<Task<bool>> condition, int seconds = 60)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await condition())
            await Task.Delay(10, timeout.Token);
    }
}
