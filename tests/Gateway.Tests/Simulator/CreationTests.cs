using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Leonardo.Simulator;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Simulator;

public sealed class CreationTests
{
    [Fact]
    public async Task A_creation_has_the_real_reply_with_a_time_ordered_id()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 20, 10, 11, 12, TimeSpan.Zero));
        await using var client = await Client.StartAsync(new SimulatorOptions { Time = time });

        using var response = await client.PostAsync(Client.Body(width: 1440, height: 1440));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var text = await response.Content.ReadAsStringAsync(Client.Cancellation);
        var id = JsonDocument.Parse(text).RootElement.GetProperty("generate").GetProperty("generationId").GetString()!;
        text.ShouldBe(
            $$$$"""{"generate":{"generationId":"{{{{id}}}}","apiCreditCost":null,"cost":{"amount":"0.0837","unit":"DOLLARS"}}}"""
        );
        id[14].ShouldBe('6');
        var ticks = Convert.ToInt64(id[..8] + id[9..13] + id[15..18], 16);
        new DateTimeOffset(1582, 10, 15, 0, 0, 0, TimeSpan.Zero).AddTicks(ticks).ShouldBe(time.GetUtcNow());
        string.CompareOrdinal(id, await client.CreateAsync()).ShouldBeLessThan(0);
    }

    [Theory]
    [InlineData("prompt", """ "" """)]
    [InlineData("prompt", "7")]
    [InlineData("width", "255")]
    [InlineData("width", "1441")]
    [InlineData("height", "256.5")]
    [InlineData("height", "\"512\"")]
    [InlineData("quantity", "0")]
    [InlineData("quantity", "9")]
    [InlineData("seed", "-1")]
    [InlineData("seed", "4294967296")]
    [InlineData("prompt_enhance", "\"auto\"")]
    [InlineData("negative_prompt", "\"hands\"")]
    [InlineData("guidances", """{"image_reference":[{},{},{},{},{}]}""")]
    [InlineData("guidances", """{"image_reference":[{"image":{"id":"7","type":"UPLOADED"}}]}""")]
    public async Task A_parameter_outside_its_limits_is_refused_by_name(string name, string value)
    {
        await using var client = await Client.StartAsync();
        var body = Client.Body();
        body["parameters"]![name] = JsonNode.Parse(value);

        (await client.ComplaintAsync(body)).ShouldStartWith($"parameters.{name} ");
        client.Simulator.Invoice.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"width":256,"height":1440,"quantity":8,"seed":4294967295}""")]
    [InlineData("""{"prompt_enhance":"AUTO","style_ids":["556c1ee5-ec38-42e8-955a-1e82dad0ffa1"],"guidances":{"image_reference":[]}}""")]
    public async Task A_parameter_at_its_limit_is_accepted(string parameters)
    {
        await using var client = await Client.StartAsync();
        var body = Client.Body();
        foreach (var (name, value) in JsonNode.Parse(parameters)!.AsObject())
        {
            body["parameters"]![name] = value!.DeepClone();
        }

        await client.CreateAsync(body);
    }

    [Theory]
    [InlineData("""{"parameters":{"prompt":"x"}}""", "validation-failed")]
    [InlineData("""{"model":"flux-pro-2.0"}""", "validation-failed")]
    [InlineData("""{"model":"flux-pro-2.0","parameters":{"prompt":"x"},"public":"no"}""", "validation-failed")]
    [InlineData("""{"model":"flux-pro-2.0","parameters":{"prompt":"x"},"webhook":"x"}""", "bad-request")]
    [InlineData("""{"model":""", "invalid-json")]
    public async Task The_outer_members_are_refused_by_the_rest_layer(string body, string code)
    {
        await using var client = await Client.StartAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var response = await client.Http.PostAsync(
            new Uri("/api/rest/v2/generations", UriKind.Relative),
            content,
            Client.Cancellation
        );

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await Client.JsonAsync(response)).GetProperty("code").GetString().ShouldBe(code);
    }

    [Fact]
    public async Task A_style_of_another_model_is_refused_without_saying_which_field()
    {
        await using var client = await Client.StartAsync();
        var body = Client.Body();
        body["parameters"]!["style_ids"] = new JsonArray(Guid.NewGuid().ToString());

        (await client.ComplaintAsync(body)).ShouldBe("An error occurred.");
    }

    [Fact]
    public async Task An_image_can_be_a_reference_from_completion_until_deletion()
    {
        var time = new FakeTimeProvider();
        await using var client = await Client.StartAsync(new SimulatorOptions { Time = time, JobSeconds = 5 });
        var source = await client.CreateAsync();
        var body = Client.Body();

        Refer(body, source);
        (await client.ComplaintAsync(body)).ShouldBe("couldn't access image", "the id of a generation is not the id of its image");
        time.Advance(TimeSpan.FromSeconds(5));
        var image = (await client.ReadAsync(source)).GetProperty("generated_images")[0].GetProperty("id").GetString()!;
        Refer(body, image);
        await client.CreateAsync(body);
        client.Simulator.Invoice[^1].References.ShouldBe(1);
        await client.Http.DeleteAsync(new Uri($"/api/rest/v1/generations/{source}", UriKind.Relative), Client.Cancellation);
        (await client.ComplaintAsync(body)).ShouldBe("couldn't access image");
    }

    [Fact]
    public async Task Creations_above_the_limit_per_minute_are_429()
    {
        var time = new FakeTimeProvider();
        await using var client = await Client.StartAsync(new SimulatorOptions { Time = time, CreationsPerMinute = 2 });
        await client.CreateAsync();
        await client.CreateAsync();

        using (var third = await client.PostAsync(Client.Body()))
        {
            third.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        }

        time.Advance(TimeSpan.FromMinutes(1));
        await client.CreateAsync();
    }

    private static void Refer(JsonObject body, string image) =>
        body["parameters"]!["guidances"] = new JsonObject { ["image_reference"] = Client.References((image, "GENERATED")) };
}
