namespace Gateway.Tests.Tenants;

internal static class Poll
{
    /// <summary>Waits for a condition that comes true soon, on a thread of its own.</summary>
    public static async Task Until(Func<bool> condition)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            TimeProvider.System.GetElapsedTime(deadline).ShouldBeLessThan(TimeSpan.FromSeconds(10), "the condition did not come true");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
