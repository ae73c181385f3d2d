namespace Gateway.Tests.Harness;

/// <summary>Waits for what another thread or process does; gives up after a time that no machine needs.</summary>
internal static class Eventually
{
    public static Task HoldsAsync(Func<bool> condition) => HoldsAsync(() => Task.FromResult(condition()));

    /// <param name="seconds">More only where so much is to happen that a machine may need it.</param>
    public static async Task HoldsAsync(Func<Task<bool>> condition, int seconds = 60)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await condition())
            await Task.Delay(10, patience.Token);
    }
}
