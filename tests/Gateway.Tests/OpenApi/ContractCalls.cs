using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.RawSocket;

namespace Gateway.Tests.OpenApi;

/// <summary>Requests built from the document alone; every answer must be documented.</summary>
internal static class ContractCalls
{
    public const string Json = "application/json";

    private const string UploadPath = "/v1/init-image/{id}/upload/{token}";

    /// <param name="upload">The address of an upload that was started; null: an unknown one.</param>
    public static async Task<HttpResponseMessage> TryAsync(
        this OpenApiContract contract,
        GatewayApp gateway,
        ContractOperation operation,
        string? upload,
        HttpContent? content,
        params (string, string)[] headers
    ) => await contract.CheckAsync(await gateway.SendAsync(new HttpMethod(operation.Method), PathOf(operation, upload), content, headers));

    /// <summary>Sends a part of the body and then stalls.</summary>
    public static async Task<HttpResponseMessage> StallAsync(
        this OpenApiContract contract,
        GatewayApp gateway,
        ContractOperation operation,
        string? upload,
        params (string Name, string Value)[] headers
    )
    {
        var path = PathOf(operation, upload);
        var type = operation.TakesForm ? "multipart/form-data; boundary=x" : Json;
        using var connection = await RawConnection.OpenAsync(gateway.Address);
        await connection.SendAsync(
            $"{operation.Method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type}\r\nContent-Length: 100\r\n"
                + string.Concat(headers.Select(header => $"{header.Name}: {header.Value}\r\n"))
                + "\r\n{"
        );
        var parts = (await connection.ReadToEndAsync()).Split("\r\n\r\n", 2);
        var head = parts[0].Split("\r\n");
        var answer = new HttpResponseMessage((HttpStatusCode)int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture))
        {
            Content = new ByteArrayContent(Encoding.Latin1.GetBytes(parts[1])),
            RequestMessage = new HttpRequestMessage(new HttpMethod(operation.Method), new Uri(gateway.Address, path)),
        };
        foreach (var (name, value) in head[1..].Select(line => line.Split(": ", 2)).Select(line => (line[0], line[1])))
        {
            if (!answer.Headers.TryAddWithoutValidation(name, value))
                answer.Content.Headers.TryAddWithoutValidation(name, value);
        }
        return await contract.CheckAsync(answer);
    }

    /// <summary>The first example in the document.</summary>
    public static HttpContent? Body(ContractOperation operation) =>
        operation.Node["requestBody"]?["content"] is not { } content ? null
        : content[Json] is { } json ? Text(ExamplesOf(json).First().Value.ToJsonString(), Json)
        : TwoTenants.Form(TwoTenants.Png, "x.png");

    /// <param name="media">A media type of a body or an answer.</param>
    public static IEnumerable<(string Name, JsonNode Value)> ExamplesOf(JsonNode media) =>
        media["example"] is { } example
            ? [("", example)]
            : (media["examples"]?.AsObject() ?? [])
                .Where(named => named.Value!["value"] is not null)
                .Select(named => (named.Key, named.Value!["value"]!));

    public static StringContent Text(string text, string type) =>
        new(text) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };

    /// <returns>The address that the file can be sent to.</returns>
    public static async Task<string> BeginUploadAsync(this GatewayApp gateway)
    {
        var begun = await (await gateway.PostAsync("""{"extension":"png"}""", "/v1/init-image")).JsonAsync();
        return new Uri(begun["uploadInitImage"]!["url"]!.GetValue<string>()).AbsolutePath;
    }

    private static string PathOf(ContractOperation operation, string? upload) =>
        upload is not null && operation.Path.EndsWith(UploadPath, StringComparison.Ordinal)
            ? operation.Path.Replace(UploadPath, upload, StringComparison.Ordinal)
            : operation
                .Path.Replace("/models/{id}", "/models/flux-pro-2.0", StringComparison.Ordinal)
                .Replace("{id}", operation.IsAdmin ? "a" : $"{Guid.NewGuid()}", StringComparison.Ordinal)
                .Replace("{imageId}", $"{Guid.NewGuid()}", StringComparison.Ordinal)
                .Replace("{reservationId}", $"{Guid.NewGuid()}", StringComparison.Ordinal)
                .Replace("{token}", new string('x', 43), StringComparison.Ordinal);

    /// <summary>A job that is cancelled too late.</summary>
    public static async Task CancelTooLateAsync(this OpenApiContract contract, GatewayApp gateway, string prefix)
    {
        var accepted = await gateway.PostAsync(GatewayApp.Guide, prefix + "/v2/generations", TwoTenants.AsB, ("Prefer", "respond-async"));
        var path = $"{prefix}/v1/jobs/{(await accepted.JsonAsync())["job"]!["id"]}";
        await contract.CheckAsync(accepted);
        await gateway.PassAsync(async () =>
            (await (await gateway.GetAsync(path, TwoTenants.AsB)).JsonAsync())["job"]!["status"]!.GetValue<string>() == "COMPLETE"
        );
        await contract.CheckAsync(await gateway.GetAsync(path, TwoTenants.AsB));
        await contract.CheckAsync(await gateway.SendAsync(HttpMethod.Delete, path, null, TwoTenants.AsB));
    }
}
