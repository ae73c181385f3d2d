using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Leonardo.Simulator;

/// <summary>Reads and deletes generations, and reads the account and the models. These calls cost nothing.</summary>
internal sealed class Reading(Account account, FaultScript script)
{
    private static readonly object[] Empty = [];

    public async Task GetAsync(HttpContext context)
    {
        if (await Faults.TryAnswerAsync(context, account, script.Take(context, "get")))
        {
            return;
        }

        await Replies
            .FindById(context, id => new { generations_by_pk = account.Find(id, countAsPoll: true) is { } found ? Describe(found) : null })
            .WriteAsync(context);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        if (await Faults.TryAnswerAsync(context, account, script.Take(context, "delete")))
        {
            return;
        }

        await Replies
            .FindById(context, id => new { delete_generations_by_pk = account.Delete(id) ? new { id } : null })
            .WriteAsync(context);
    }

    /// <summary>The whole account's generations, newest first. Another user's list is empty.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await Faults.TryAnswerAsync(context, account, script.Take(context, "list")))
        {
            return;
        }

        if (!TryGetNumber(context, "limit", 10, out var limit) || !TryGetNumber(context, "offset", 0, out var offset))
        {
            await Replies.Rest(400, "limit and offset must be integers, 0 or more", "validation-failed").WriteAsync(context);
            return;
        }

        var own = string.Equals(
            context.GetRouteValue("userId") as string,
            account.Options.AccountUserId,
            StringComparison.OrdinalIgnoreCase
        );
        var page = own ? account.List(offset, limit).Select(Describe).ToArray() : Empty;
        await Replies.Json(new { generations = page }).WriteAsync(context);
    }

    public async Task MeAsync(HttpContext context)
    {
        if (await Faults.TryAnswerAsync(context, account, script.Take(context, "me")))
        {
            return;
        }

        var details = new
        {
            user = new { id = account.Options.AccountUserId, username = "leonardo-simulator" },
            apiPaidTokens = (long)(account.Balance / SimulatedModel.DollarsPerCredit),
            apiSubscriptionTokens = 0,
            apiPlanTokenRenewalDate = (string?)null,
            apiConcurrencySlots = account.Options.Slots,
            paidTokens = 0,
            subscriptionTokens = 150,
            subscriptionGptTokens = 0,
            subscriptionModelTokens = 0,
            tokenRenewalDate = "2026-12-01T00:00:00",
        };
        await Replies.Json(new { user_details = new[] { details } }).WriteAsync(context);
    }

    /// <summary>Like the real one, it has UUIDs as ids and no link to the model names of creations.</summary>
    public async Task ModelsAsync(HttpContext context)
    {
        if (await Faults.TryAnswerAsync(context, account, script.Take(context, "models")))
        {
            return;
        }

        await Replies.Json(new { productionApiAvailableModels = new[] { ModelCatalogue.Flux2Pro } }).WriteAsync(context);
    }

    /// <summary>Every documented member; null where it has no value.</summary>
    private object Describe(Generation generation)
    {
        var now = account.Now;
        return new
        {
            id = generation.Id,
            status = generation.StatusAt(now),
            createdAt = FormatTimestamp(generation.CreatedAt),
            prompt = generation.Request.Prompt,
            negativePrompt = "",
            imageWidth = generation.Request.Width,
            imageHeight = generation.Request.Height,
            seed = generation.Request.Seed,
            @public = generation.Request.Public,
            modelId = (string?)null,
            sdVersion = "FLUX",
            scheduler = "EULER_DISCRETE",
            presetStyle = (string?)null,
            guidanceScale = (int?)null,
            inferenceSteps = (int?)null,
            initStrength = (double?)null,
            photoReal = (bool?)null,
            promptMagic = (bool?)null,
            ultra = (bool?)null,
            generation_elements = Empty,
            prompt_moderations = new[]
            {
                new { moderationClassification = generation.Ending == Ending.Nsfw ? ["NSFW"] : Array.Empty<string>() },
            },
            generated_images = generation.HasImagesAt(now)
                ? generation.ImageIds.Select((id, index) => DescribeImage(generation, id, index)).ToArray()
                : Empty,
        };
    }

    private object DescribeImage(Generation generation, Guid id, int index) =>
        new
        {
            id,
            url = new Uri(
                account.Origin,
                $"/users/{account.Options.AccountUserId}/generations/{generation.Id}/{generation.GetFileName(index)}"
            ).AbsoluteUri,
            nsfw = generation.Ending == Ending.Nsfw,
            likeCount = 0,
            motionMP4URL = (string?)null,
            imageToVideo = (bool?)null,
            motion = (bool?)null,
            motionModel = (string?)null,
            motionStrength = (int?)null,
            fantasyAvatar = (bool?)null,
            generated_image_variation_generics = Empty,
        };

    /// <summary>Leonardo writes timestamps without a zone.</summary>
    public static string FormatTimestamp(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private static bool TryGetNumber(HttpContext context, string name, int defaultValue, out int number)
    {
        number = defaultValue;
        return !context.Request.Query.TryGetValue(name, out var text)
            || int.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
