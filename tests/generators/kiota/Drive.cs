// What a team does with a client that Kiota makes of the document.
#nullable enable
using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;
using Generated;
using Generated.Models;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Http.HttpClientLibrary;

public static class Drive
{
    public static async Task RunAsync(HttpClient team, HttpClient other)
    {
        var client = CreateClient(team);
        var request = Request();
        var quote = await client.V2.Generations.Quote.PostAsync(request);
        Check(quote is { Allowed: true, Cost.Amount: "0.0434" }, $"the quote is {quote?.Cost?.Amount}");
        var made = await client.V2.Generations.PostAsync(request, with => with.Headers.Add("Prefer", "wait=60"));
        var generation = made?.GenerationsByPk ?? throw new InvalidOperationException("it has not ended");
        Check(generation is { Status: GenerationResult_status.COMPLETE, Seed: > 0 }, "it was not made, or with seed 0");
        var (id, image) = (generation.Id!.Value, generation.GeneratedImages!.Single().Id!.Value);
        await using var picture = await client.V1.Generations[id].Images[image].GetAsync();
        using var bytes = new MemoryStream();
        await picture!.CopyToAsync(bytes);
        Check(bytes.Length > 1000, "the image has no bytes");

        var form = new MultipartBody();
        form.AddOrReplacePart("file", "image/jpeg", bytes.ToArray(), "cat.jpg");
        var upload = await client.V1.Uploads.PostAsync(form);
        request.Parameters!.Quantity = 2;
        request.Parameters.Guidances = new Guidances
        {
            ImageReference =
            [
                new ImageReference
                {
                    Image = new ReferencedImage { Id = upload!.Id, Type = ReferencedImage_type.UPLOADED },
                    Strength = ImageReference_strength.MID,
                },
            ],
        };
        var second = await client.V2.Generations.PostAsync(request);
        var waiting = client.V1.Generations[second!.Generate!.GenerationId!.Value];
        var ended = await waiting.GetAsync(with => with.Headers.Add("Prefer", "wait=60"));
        Check(ended!.GenerationsByPk!.GeneratedImages!.Count == 2, "it did not end");

        await CheckRefusalsAsync(client, CreateClient(other), id);

        var usage = await client.V1.Usage.GetAsync();
        Check(usage!.Totals!.Today is { Images: >= 3, Usd: > 0.1m }, $"the usage is {usage.Totals.Today!.Usd}");
        var list = await client.V1.Generations.GetAsync(with => with.QueryParameters.Limit = 10);
        Check(list!.Generations!.Any(one => one.Id == id), "it is not in the list");
        Check((await client.V2.Models.GetAsync())!.Models!.First().Name == "flux-pro-2.0", "there is no model");
        Check((await client.V1.Generations[id].DeleteAsync())!.DeleteGenerationsByPk!.Id == id, "it was not deleted");
    }

    private static async Task CheckRefusalsAsync(GatewayClient client, GatewayClient other, Guid generation)
    {
        var request = Request();
        request.Parameters!.Width = 100;
        var invalid = await RefusedAsync(() => client.V2.Generations.PostAsync(request));
        Check(invalid is { Status: 400 } && invalid.Errors!.Single().Pointer == "#/parameters/width", "not a 400 with its pointer");
        Check(invalid.Message == invalid.Detail, "the message is not the detail");
        request = Request();
        request.Parameters!.Quantity = 2;
        var tooMany = await RefusedAsync(() => other.V2.Generations.PostAsync(request));
        Check(tooMany is { Status: 429 } && tooMany.ViolatedPolicies!.Single() == "images-day", "not a 429 with its quota");
        var foreign = await RefusedAsync(() => other.V1.Generations[generation].GetAsync());
        Check(foreign is { Status: 404, Type: "/problems/not-found" }, "not a 404");
    }

    /// <summary>
    /// With a client of its own the adapter repeats nothing; its default one waits as long as a Retry-After says.
    /// </summary>
    private static GatewayClient CreateClient(HttpClient client) =>
        new(new HttpClientRequestAdapter(new AnonymousAuthenticationProvider(), httpClient: client));

    private static GenerationBody Request() =>
        new()
        {
            Model = "flux-pro-2.0",
            Parameters = new GenerationParameters
            {
                Prompt = "A cat wearing a hat",
                Width = 1024,
                Height = 1024,
            },
        };

    private static async Task<Problem> RefusedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            await call();
        }
        catch (Problem refusal)
        {
            return refusal;
        }
        throw new InvalidOperationException("it was not refused");
    }

    private static void Check(bool condition, string what)
    {
        if (!condition)
            throw new InvalidOperationException(what);
    }
}
