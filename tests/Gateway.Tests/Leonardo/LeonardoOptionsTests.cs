using Gateway.Edge;
using Gateway.Leonardo;
using Gateway.Leonardo.Key;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Leonardo;

public sealed class LeonardoOptionsTests
{
    [Theory]
    [InlineData("https://cloud.leonardo.ai/api/rest", true)]
    [InlineData("https://cloud.leonardo.ai/api/rest/", true)]
    [InlineData("http://127.0.0.1:9000/api/rest", true)]
    [InlineData("http://[::1]:9000/api/rest", true)]
    [InlineData("http://cloud.leonardo.ai/api/rest", false)]
    [InlineData("http://127.0.0.1.example.com/api/rest", false)]
    [InlineData("https://user:secret@cloud.leonardo.ai/api/rest", false)]
    [InlineData("https://cloud.leonardo.ai/api/rest?to=elsewhere", false)]
    [InlineData("https://cloud.leonardo.ai/api/rest#elsewhere", false)]
    [InlineData("ftp://cloud.leonardo.ai/api/rest", false)]
    [InlineData("file:///api/rest", false)]
    [InlineData("cloud.leonardo.ai/api/rest", false)]
    public void The_upstream_needs_https_unless_it_is_on_this_machine(string address, bool isAccepted)
    {
        var settings = new Settings(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    new Dictionary<string, string?>(StringComparer.Ordinal)
                    {
                        ["Leonardo:BaseUrl"] = address,
                        ["Leonardo:Simulator"] = "true",
                    }
                )
                .Build()
        );

        LeonardoOptions.Read(settings, KeyOptions.Read(settings), isDevelopment: false);

        settings.Errors.Count(error => error.StartsWith("Leonardo:BaseUrl: ", StringComparison.Ordinal)).ShouldBe(isAccepted ? 0 : 1);
        settings.Errors.ShouldAllBe(error => !error.Contains("secret"));
    }
}
