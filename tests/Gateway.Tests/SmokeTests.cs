namespace Gateway.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void Runs() => Shouldly.ShouldBeTestExtensions.ShouldBe(1, 1);
}
