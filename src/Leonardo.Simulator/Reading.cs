using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Leonardo.Simulator;

/// <summary>Reads of generations, of the account, of the models. None of them costs anything.</summary>
internal sealed class Reading(Account account, FaultScript script)
{
    private static readonly object[] Nothing = [];

    public async Task GetAsync(HttpContext context)
    {
        if (await Faults.AnswersAsync(context, account, script.Take(context, "get")))
        {
            return;
        }

        await Replies
            .ById(context, id => new { generations_by_pk = account.Find(id, countAsPoll: true) is { } found ? Describe(found) : null })
            .WriteAsync(context);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        if (await Faults.AnswersAsync(context, account, script.Take(context, "delete")))
        {
            return;
        }

        await Replies.ById(context, id => new { delete_generations_by_pk = account.Delete(id) ? new { id } : null }).WriteAsync(context);
    }

    /// <summary>The whole account, newest first. Another user's list is empty.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await Faults.AnswersAsync(context, account, script.Take(context, "list")))
        {
            return;
        }

        if (!TryNumber(context, "limit", 10, out var limit) || !TryNumber(context, "offset", 0, out var offset))
        {
            await Replies.Rest(400, "limit and offset must be integers, 0 or more", "validation-failed").WriteAsync(context);
            return;
        }

        var own = string.Equals(
            context.GetRouteValue("userId") as string,
            account.Options.AccountUserId,
            StringComparison.OrdinalIgnoreCase
        );
        var page = own ? account.List(offset, limit).Select(Describe).ToArray() : Nothing;
        await Replies.Json(new { generations = page }).WriteAsync(context);
    }

    public async Task MeAsync(HttpContext context)
    {
        if (await Faults.AnswersAsync(context, account, script.Take(context, "me")))
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

    /// <summary>As the live one: ids are UUIDs, and nothing tells which slug belongs to them.</summary>
    public async Task ModelsAsync(HttpContext context)
    {
        if (await Faults.AnswersAsync(context, account, script.Take(context, "models")))
        {
            return;
        }

        await Replies.Json(new { productionApiAvailableModels = new[] { ModelCatalogue.Flux2Pro } }).WriteAsync(context);
    }

    /// <summary>Every field of the documented read, those without a value as null.</summary>
    private object Describe(Generation made)
    {
        var now = account.Now;
        return new
        {
            id = made.Id,
            status = made.StatusAt(now),
            createdAt = Moment(made.CreatedAt),
            prompt = made.Request.Prompt,
            negativePrompt = "",
            imageWidth = made.Request.Width,
            imageHeight = made.Request.Height,
            seed = made.Request.Seed,
            @public = made.Request.Public,
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
            generation_elements = Nothing,
            prompt_moderations = new[] { new { moderationClassification = made.Ending == Ending.Nsfw ? ["NSFW"] : Array.Empty<string>() } },
            generated_images = made.HasImagesAt(now)
                ? made.ImageIds.Select((id, index) => DescribeImage(made, id, index)).ToArray()
                : Nothing,
        };
    }

    private object DescribeImage(Generation made, Guid id, int index) =>
        new
        {
            id,
            url = new Uri(
                account.Origin,
                $"/users/{account.Options.AccountUserId}/generations/{made.Id}/{made.FileName(index)}"
            ).AbsoluteUri,
            nsfw = made.Ending == Ending.Nsfw,
            likeCount = 0,
            motionMP4URL = (string?)null,
            imageToVideo = (bool?)null,
            motion = (bool?)null,
            motionModel = (string?)null,
            motionStrength = (int?)null,
            fantasyAvatar = (bool?)null,
            generated_image_variation_generics = Nothing,
        };

    /// <summary>Leonardo writes its moments without a zone.</summary>
    public static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private static bool TryNumber(HttpContext context, string name, int fallback, out int number)
    {
        number = fallback;
        return !context.Request.Query.TryGetValue(name, out var text)
            || int.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
