using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using static Gateway.Tests.OpenAi.OpenAiCalls;

namespace Gateway.Tests.OpenAi;

/// <summary>
/// Requests of programs that cannot be run here, written by hand from their source and documentation, and whether the
/// answer has what they read of it.
/// </summary>
public sealed class DocumentedRequestTests(OpenAiFixture fixture) : IClassFixture<OpenAiFixture>
{
    private const string PythonHeaders = """
        Accept: application/json
        User-Agent: OpenAI/Python 2.8.1
        X-Stainless-Lang: python
        X-Stainless-Package-Version: 2.8.1
        X-Stainless-OS: Linux
        X-Stainless-Arch: x64
        X-Stainless-Runtime: CPython
        X-Stainless-Runtime-Version: 3.12.11
        Authorization: Bearer a
        X-Stainless-Async: false
        x-stainless-retry-count: 0
        x-stainless-read-timeout: 600
        """;

    private const string OpenWebUiHeaders = """
        Accept: */*
        Accept-Encoding: gzip, deflate
        User-Agent: python-requests/2.32.5
        Authorization: Bearer 
        """;

    private const string LibreChatHeaders = """
        Accept: application/json
        User-Agent: OpenAI/JS 5.10.1
        X-Stainless-Lang: js
        X-Stainless-Retry-Count: 0
        Authorization: Bearer sk-none
        """;

    private readonly GatewayApp _gateway = fixture.Gateway;

    [Theory]
    [InlineData("Python, as given", PythonHeaders, """{"prompt":"A cat","model":"flux-pro-2.0","n":2,"size":"512x512"}""", 2)]
    [InlineData(
        "Python, every member",
        PythonHeaders,
        """{"prompt":"A cat","background":null,"model":null,"moderation":null,"n":null,"output_compression":null,"output_format":null,"partial_images":null,"quality":null,"response_format":null,"size":null,"stream":null,"style":null,"user":"u-1"}""",
        1
    )]
    [InlineData(
        "Open WebUI",
        OpenWebUiHeaders,
        """{"model": "dall-e-2", "prompt": "A cat", "n": 1, "size": "512x512", "response_format": "b64_json"}""",
        1
    )]
    [InlineData("Open WebUI, gpt-image", OpenWebUiHeaders, """{"model": "gpt-image-1", "prompt": "A cat", "n": 1, "size": "512x512"}""", 1)]
    [InlineData(
        "LibreChat",
        LibreChatHeaders,
        """{"model":"gpt-image-1","prompt":"A cat","n":1,"background":"auto","output_format":"png","output_compression":null,"quality":"auto","size":"auto"}""",
        1
    )]
    public async Task A_generation_has_the_bytes_that_the_program_reads(string program, string headers, string body, int images)
    {
        var answer = await ExchangeAsync(ImagesPath, $"{headers}\nContent-Type: application/json", body);

        var data = answer["data"].ShouldNotBeNull($"{program}: {answer}").AsArray();
        data.Count.ShouldBe(images);
        data.ShouldAllBe(image => image!.Bytes().Length > 100);
    }

    [Theory]
    [InlineData("Python", PythonHeaders, "image[]", "\"")]
    [InlineData("Open WebUI", OpenWebUiHeaders, "image", "\"")]
    [InlineData("unquoted names", PythonHeaders, "image", "")]
    public async Task An_edit_has_the_bytes_that_the_program_reads(string program, string headers, string field, string quote)
    {
        const string Boundary = "b9a5e7d1=c4f2";
        var text = new StringBuilder();
        foreach (var (name, value) in new[] { ("prompt", "A cat with a hat"), ("model", "dall-e-2"), ("n", "1"), ("size", "512x512") })
            text.Append($"--{Boundary}\r\nContent-Disposition: form-data; name={quote}{name}{quote}\r\n\r\n{value}\r\n");
        text.Append($"--{Boundary}\r\nContent-Disposition: form-data; name={quote}{field}{quote}; filename={quote}image.png{quote}\r\n");
        text.Append("Content-Type: image/png\r\n\r\n").Append(Encoding.Latin1.GetString(TwoTenants.Png)).Append($"\r\n--{Boundary}--\r\n");

        var answer = await ExchangeAsync(
            EditsPath,
            $"{headers}\nContent-Type: multipart/form-data; boundary={quote}{Boundary}{quote}",
            text.ToString()
        );

        answer["data"].ShouldNotBeNull($"{program}: {answer}")[0]!.Bytes().Length.ShouldBeGreaterThan(100);
    }

    /// <summary>The programs read the message, the type, the parameter and the code from there.</summary>
    [Theory]
    [InlineData(PythonHeaders, """{"prompt":"A cat","n":10}""", "n")]
    [InlineData(OpenWebUiHeaders, """{"model": "dall-e-2", "prompt": "", "n": 1, "size": "512x512"}""", "prompt")]
    [InlineData(LibreChatHeaders, """{"model":"gpt-image-1","prompt":"A cat","background":"transparent"}""", "background")]
    public async Task A_refusal_is_where_the_program_looks_for_it(string headers, string body, string param)
    {
        var answer = await ExchangeAsync(ImagesPath, $"{headers}\nContent-Type: application/json", body);

        answer["error"]!["param"]!.GetValue<string>().ShouldBe(param);
        answer["error"]!["type"]!.GetValue<string>().ShouldBe("invalid_request_error");
    }

    private async Task<JsonNode> ExchangeAsync(string path, string headers, string body)
    {
        using var connection = await RawConnection.OpenAsync(_gateway.Address);
        await connection.SendAsync(
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers.ReplaceLineEndings("\r\n")}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"
        );
        var reading = connection.ReadToEndAsync();
        await _gateway.PassAsync(() => reading.IsCompleted);
        var answer = await reading;
        var text = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        return JsonNode.Parse(answer.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase) ? Unchunk(text) : text)!;
    }

    private static string Unchunk(string text)
    {
        var whole = new StringBuilder();
        while (text.IndexOf("\r\n", StringComparison.Ordinal) is var end and >= 0)
        {
            var length = Convert.ToInt32(text[..end], 16);
            if (length == 0)
                break;
            whole.Append(text, end + 2, length);
            text = text[(end + 2 + length + 2)..];
        }
        return whole.ToString();
    }
}
