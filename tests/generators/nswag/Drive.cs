// What a team does with a client that NSwag makes of the document, with System.Text.Json.
#nullable enable
using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;
using Generated;

public static class Drive
{
    public static async Task RunAsync(HttpClient team, HttpClient other)
    {
        var client = new GatewayClient(team);
        var request = new GenerationBody
        {
            Model = "flux-pro-2.0",
            Parameters = new GenerationParameters
            {
                Prompt = "A cat wearing a hat",
                Width = 1024,
                Height = 1024,
            },
        };
        var quote = await client.QuoteGenerationAsync(request);
        Check(quote is { Allowed: true, Cost.Amount: "0.0434" }, $"the quote is {quote.Cost.Amount}");
        var made = await client.CreateGenerationAsync(request, Guid.NewGuid().ToString(), prefer: "wait=60");
        var generation = made.Generations_by_pk ?? throw new InvalidOperationException("it has not ended");
        Check(generation is { Status: GenerationResultStatus.COMPLETE, Seed: > 0 }, "it was not made, or with seed 0");
        var image = generation.Generated_images.Single();
        using var picture = await client.GetImageAsync(generation.Id, image.Id);
        using var bytes = new MemoryStream();
        await picture.Stream.CopyToAsync(bytes);
        Check(bytes.Length > 1000, "the image has no bytes");

        bytes.Position = 0;
        var upload = await client.UploadImageAsync(new FileParameter(bytes, "cat.jpg", "image/jpeg"));
        var reference = new ImageReference
        {
            Image = new ReferencedImage { Id = upload.Id, Type = ReferencedImageType.UPLOADED },
            Strength = ImageReferenceStrength.MID,
        };
        request.Parameters.Guidances = new Guidances { Image_reference = [reference] };
        request.Parameters.Quantity = 2;
        var second = await client.CreateGenerationAsync(request);
        var ended = await client.GetGenerationAsync(second.Generate!.GenerationId, prefer: "wait=60");
        Check(ended.Generations_by_pk.Generated_images.Count == 2, "it did not end");

        await CheckRefusalsAsync(client, new GatewayClient(other), generation.Id);

        var usage = await client.GetUsageAsync();
        Check(usage.Totals.Today is { Images: >= 3, Usd: > 0.1m }, $"the usage is {usage.Totals.Today.Usd}");
        var list = await client.ListGenerationsAsync(limit: 10);
        Check(list.Generations.Any(one => one.Id == generation.Id), "it is not in the list");
        Check((await client.ListModelsAsync()).Models.First().Name == "flux-pro-2.0", "there is no model");
        Check((await client.DeleteGenerationAsync(generation.Id)).Delete_generations_by_pk.Id == generation.Id, "it was not deleted");
    }

    private static async Task CheckRefusalsAsync(GatewayClient client, GatewayClient other, Guid generation)
    {
        var request = new GenerationBody
        {
            Model = "flux-pro-2.0",
            Parameters = new GenerationParameters { Prompt = "x", Width = 100 },
        };
        var invalid = await RefusedAsync(() => client.CreateGenerationAsync(request));
        Check(invalid is { Status: 400 } && invalid.Errors!.Single().Pointer == "#/parameters/width", "not a 400 with its pointer");
        request.Parameters = new GenerationParameters { Prompt = "x", Quantity = 2 };
        var tooMany = await RefusedAsync(() => other.CreateGenerationAsync(request));
        Check(tooMany is { Status: 429 } && tooMany.ViolatedPolicies!.Single() == "images-day", "not a 429 with its quota");
        var foreign = await RefusedAsync(() => other.GetGenerationAsync(generation));
        Check(foreign is { Status: 404, Type: "/problems/not-found" }, "not a 404");
    }

    private static async Task<Problem> RefusedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            await call();
        }
        catch (ApiException<Problem> refusal)
        {
            return refusal.Result;
        }
        throw new InvalidOperationException("it was not refused");
    }

    private static void Check(bool condition, string what)
    {
        if (!condition)
            throw new InvalidOperationException(what);
    }
}
