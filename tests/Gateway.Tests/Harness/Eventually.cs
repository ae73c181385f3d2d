namespace Gateway.Tests.Harness;

/// <summary>Waits for what another thread or process does; gives up after a time that no machine needs.</summary>
internal static class Eventually
{
    public static Task HoldsAsync(Func<bool> condition) => HoldsAsync(() => Task.FromResult(condition()));

    public static async Task HoldsAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
            await Task.Delay(10, patience.Token);
    }
}
