using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Leonardo.Simulator;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Simulator;

public sealed class UploadTests
{
    private static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    );

    [Fact]
    public async Task An_uploaded_image_is_served_and_can_be_a_reference()
    {
        await using var client = await Client.StartAsync();
        var form = await AskAsync(client);
        var body = Client.Body();
        body["parameters"]!["guidances"] = new JsonObject { ["image_reference"] = Client.References((form.Id, "UPLOADED")) };

        (await client.ComplaintAsync(body)).ShouldBe("invalid init image id", "nothing is uploaded yet");
        (await UploadAsync(form)).ShouldBe(HttpStatusCode.NoContent);

        await client.CreateAsync(body);
        var image = (await client.GetAsync($"/api/rest/v1/init-image/{form.Id}")).GetProperty("init_images_by_pk");
        image.GetProperty("id").GetString().ShouldBe(form.Id);
        (await client.Http.GetByteArrayAsync(new Uri(image.GetProperty("url").GetString()!), Client.Cancellation)).ShouldBe(Png);
    }

    [Fact]
    public async Task A_deleted_upload_can_no_longer_be_a_reference()
    {
        await using var client = await Client.StartAsync();
        var form = await AskAsync(client);
        await UploadAsync(form);
        var path = $"/api/rest/v1/init-image/{form.Id}";

        using var deleted = await client.Http.DeleteAsync(new Uri(path, UriKind.Relative), Client.Cancellation);

        (await Client.JsonAsync(deleted)).GetProperty("delete_init_images_by_pk").GetProperty("id").GetString().ShouldBe(form.Id);
        (await client.GetAsync(path)).GetProperty("init_images_by_pk").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task The_form_expires_after_two_minutes()
    {
        var time = new FakeTimeProvider();
        await using var client = await Client.StartAsync(new SimulatorOptions { Time = time });
        var form = await AskAsync(client);
        var late = await AskAsync(client);

        time.Advance(TimeSpan.FromMinutes(2));
        (await UploadAsync(form)).ShouldBe(HttpStatusCode.NoContent);
        time.Advance(TimeSpan.FromSeconds(1));
        (await UploadAsync(late)).ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Storage_refuses_the_key_changed_or_missing_fields_and_a_file_that_is_not_last()
    {
        await using var client = await Client.StartAsync();
        var form = await AskAsync(client);
        var changed = form with { Fields = new(form.Fields, StringComparer.Ordinal) { ["Policy"] = "e30=" } };
        var missing = form with { Fields = new(form.Fields, StringComparer.Ordinal) };
        missing.Fields.Remove("X-Amz-Signature");

        (await UploadAsync(form, authorization: client.Simulator.Key)).ShouldBe(HttpStatusCode.Forbidden);
        (await UploadAsync(changed)).ShouldBe(HttpStatusCode.Forbidden);
        (await UploadAsync(missing)).ShouldBe(HttpStatusCode.Forbidden);
        (await UploadAsync(form, fileFirst: true)).ShouldBe(HttpStatusCode.BadRequest);
        (await UploadAsync(form)).ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("403", HttpStatusCode.Forbidden)]
    [InlineData("500", HttpStatusCode.InternalServerError)]
    public async Task A_failing_storage_stores_nothing(string fault, HttpStatusCode status)
    {
        await using var client = await Client.StartAsync();
        var form = await AskAsync(client);
        client.Simulator.Script("upload", fault);

        (await UploadAsync(form)).ShouldBe(status);
        var image = (await client.GetAsync($"/api/rest/v1/init-image/{form.Id}")).GetProperty("init_images_by_pk");
        using var absent = await client.Http.GetAsync(new Uri(image.GetProperty("url").GetString()!), Client.Cancellation);
        absent.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_unknown_extension_is_refused()
    {
        await using var client = await Client.StartAsync();

        using var response = await client.Http.PostAsJsonAsync("/api/rest/v1/init-image", new { extension = "gif" }, Client.Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static async Task<Form> AskAsync(Client client)
    {
        using var response = await client.Http.PostAsJsonAsync("/api/rest/v1/init-image", new { extension = "png" }, Client.Cancellation);
        var answer = (await Client.JsonAsync(response)).GetProperty("uploadInitImage");
        var fields = JsonSerializer.Deserialize<Dictionary<string, string>>(answer.GetProperty("fields").GetString()!)!;
        return new Form(answer.GetProperty("id").GetString()!, new Uri(answer.GetProperty("url").GetString()!), fields);
    }

    private static async Task<HttpStatusCode> UploadAsync(Form form, string? authorization = null, bool fileFirst = false)
    {
        using var content = new MultipartFormDataContent();
        if (fileFirst)
        {
            content.Add(new ByteArrayContent(Png), "file", "kite.png");
        }

        foreach (var (name, value) in form.Fields)
        {
            content.Add(new StringContent(value), name);
        }

        if (!fileFirst)
        {
            content.Add(new ByteArrayContent(Png), "file", "kite.png");
        }

        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = authorization is null ? null : new AuthenticationHeaderValue("Bearer", authorization);
        using var response = await http.PostAsync(form.Url, content, Client.Cancellation);
        return response.StatusCode;
    }

    private sealed record Form(string Id, Uri Url, Dictionary<string, string> Fields);
}
