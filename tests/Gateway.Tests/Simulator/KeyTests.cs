using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Leonardo.Simulator;

namespace Gateway.Tests.Simulator;

public sealed class KeyTests
{
    [Theory]
    [InlineData(null, 401, """{"error":"Authentication hook unauthorized this request","path":"$","code":"access-denied"}""")]
    [InlineData(
        "Bearer 00000000-0000-4000-8000-000000000000",
        401,
        """{"error":"Authentication hook unauthorized this request","path":"$","code":"access-denied"}"""
    )]
    [InlineData("Bearer no-uuid", 500, """{"error":"Invalid response from authorization hook","path":"$","code":"unexpected"}""")]
    public async Task A_wrong_key_gets_the_documented_error_and_creates_nothing(string? authorization, int status, string body)
    {
        await using var client = await Client.StartAsync();
        client.Http.DefaultRequestHeaders.Authorization = authorization is null ? null : AuthenticationHeaderValue.Parse(authorization);

        using var response = await client.PostAsync(Client.Body());

        ((int)response.StatusCode).ShouldBe(status);
        (await response.Content.ReadAsStringAsync(Client.Cancellation)).ShouldBe(body);
        client.Simulator.Invoice.ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_keys_are_valid_at_once_until_one_is_revoked()
    {
        await using var client = await Client.StartAsync();
        var next = Guid.NewGuid().ToString();

        await ChangeAsync(client, new { keys = new[] { client.Simulator.Key, next } });
        (await MeAsync(client)).ShouldBe(HttpStatusCode.OK);
        await ChangeAsync(client, new { key = next });
        (await MeAsync(client)).ShouldBe(HttpStatusCode.Unauthorized);
        client.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", next);
        (await MeAsync(client)).ShouldBe(HttpStatusCode.OK);
        client.Simulator.Key.ShouldBe(next);
    }

    [Fact]
    public async Task A_key_that_is_not_a_UUID_is_rejected() =>
        await Should.ThrowAsync<ArgumentException>(() =>
            LeonardoSimulator.StartAsync(new SimulatorOptions { Key = "secret" }, Client.Cancellation)
        );

    private static async Task<HttpStatusCode> MeAsync(Client client)
    {
        using var response = await client.Http.GetAsync(new Uri("/api/rest/v1/me", UriKind.Relative), Client.Cancellation);
        return response.StatusCode;
    }

    private static async Task ChangeAsync(Client client, object change)
    {
        using var response = await client.Http.PostAsJsonAsync("/_sim/options", change, Client.Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }
}
