using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Harness;

/// <summary>Reads responses.</summary>
internal static class Answers
{
    public static Task<string> TextAsync(this HttpResponseMessage response) =>
        response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    public static async Task<JsonNode> JsonAsync(this HttpResponseMessage response) => JsonNode.Parse(await response.TextAsync())!;

    /// <returns>
    /// Whom a response to <c>GET /v1/usage</c> names, as <c>a by network</c>; of any other response the status.
    /// </returns>
    public static async Task<string> OutcomeAsync(this HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
            return ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        var tenant = (await response.JsonAsync())["tenant"]!;
        return $"{tenant["id"]} by {tenant["identifiedBy"]}";
    }

    /// <summary>Checks that the response refuses an unidentified caller, with problem and challenge.</summary>
    public static async Task ShouldAskForATokenAsync(this HttpResponseMessage response)
    {
        await response.ProblemAsync(401, "unidentified");
        response.Headers.WwwAuthenticate.ShouldHaveSingleItem().Scheme.ShouldBe("Bearer");
    }

    /// <summary>Checks that the response is this problem, complete in every member, and returns it.</summary>
    public static async Task<JsonNode> ProblemAsync(this HttpResponseMessage response, int status, string name)
    {
        var text = await response.TextAsync();
        ((int)response.StatusCode).ShouldBe(status, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonNode.Parse(text)!;
        problem["type"]!.GetValue<string>().ShouldBe("/problems/" + name);
        problem["status"]!.GetValue<int>().ShouldBe(status);
        foreach (var member in new[] { "title", "detail", "instance", "traceId" })
            problem[member]!.GetValue<string>().ShouldNotBeEmpty(member);
        response.Headers.GetValues("X-Request-Id").ShouldHaveSingleItem();
        return problem;
    }

    public static string[] Codes(this JsonNode problem) =>
        [.. problem["errors"]!.AsArray().Select(error => $"{error!["pointer"]} {error["code"]}").Order(StringComparer.Ordinal)];

    public static JsonElement Element(this byte[] json) => JsonDocument.Parse(json).RootElement;
}
