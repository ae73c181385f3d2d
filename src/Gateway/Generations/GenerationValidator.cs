using System.Globalization;
using System.Text;
using FluentValidation;
using FluentValidation.Results;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Leonardo;
using Gateway.Models;

namespace Gateway.Generations;

/// <summary>The rules of one model (docs/api.md). Its limits are the model's data; there is no other copy.</summary>
internal sealed class GenerationValidator : AbstractValidator<GenerationBody>
{
    public const string On = "ON";
    public const string Off = "OFF";

    /// <summary>More than anyone reads: an answer must not be fifty times as long as its request.</summary>
    public const int MaxReportedErrors = 1000;

    public static readonly IReadOnlyList<string> PromptEnhance = [On, Off];
    public static readonly IReadOnlyList<string> ImageTypes = [ReferenceType.Generated, ReferenceType.Uploaded];

    private const string Required = "required";

    public GenerationValidator(ImageModel model)
    {
        RuleFor(body => body.Parameters).NotNull().WithErrorCode(Required).WithMessage("is required");
        RuleFor(body => body.Parameters!).SetValidator(new ParametersValidator(model)).When(body => body.Parameters is not null);
    }

    public static string OutOfRange(NumberRange range, string unit) => $"must be from {range.Min} to {range.Max}{unit}";

    /// <summary>The errors of the reader, then those of the rules, except for members that could not be read.</summary>
    public IReadOnlyList<Violation> FindViolations(GenerationBody body, IReadOnlyList<Violation> readErrors)
    {
        var result = Validate(body);
        if (result.IsValid)
            return readErrors;
        var reported = readErrors
            .Select(violation => violation.Pointer)
            .ToHashSet(StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
        return [.. readErrors, .. result.Errors.Select(ToViolation).Where(violation => !IsReported(violation.Pointer, reported))];
    }

    /// <summary>
    /// Whether this member, or one that contains it, has an error already. A lookup, because a body can hold tens of
    /// thousands of errors of either kind.
    /// </summary>
    private static bool IsReported(ReadOnlySpan<char> pointer, HashSet<string>.AlternateLookup<ReadOnlySpan<char>> reported)
    {
        while (pointer.Length > 0)
        {
            if (reported.Contains(pointer))
                return true;
            pointer = pointer[..Math.Max(0, pointer.LastIndexOf('/'))];
        }
        return false;
    }

    private static Violation ToViolation(ValidationFailure failure) =>
        new(ToPointer(failure.PropertyName), failure.ErrorCode, failure.ErrorMessage);

    /// <summary>
    /// <c>Parameters.Guidances.ImageReference[0].Image.Id</c> →
    /// <c>#/parameters/guidances/image_reference/0/image/id</c>.
    /// </summary>
    private static string ToPointer(string path)
    {
        var pointer = new StringBuilder("#");
        foreach (var part in path.Split('.', '['))
            pointer.Append('/').Append(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(part.TrimEnd(']')));
        return pointer.ToString();
    }

    private sealed class ParametersValidator : AbstractValidator<GenerationParameters>
    {
        public ParametersValidator(ImageModel model)
        {
            RuleFor(p => p.Prompt)
                .Cascade(CascadeMode.Stop)
                .NotNull()
                .WithErrorCode(Required)
                .WithMessage("is required")
                .Must(prompt => !IsBlank(prompt!))
                .WithErrorCode("blank")
                .WithMessage("must not be blank: white space and zero-width characters alone do not count")
                .Must(prompt => HasAtMost(prompt!, model.PromptMaxLength))
                .WithErrorCode("too-long")
                .WithMessage($"must be at most {model.PromptMaxLength} characters long");
            Range(p => p.Width, model.Width, " (pixels)");
            Range(p => p.Height, model.Height, " (pixels)");
            Range(p => p.Quantity, model.Quantity, " (images)");
            Range(p => p.Seed, model.Seed, "");
            OneOf(this, p => p.PromptEnhance, PromptEnhance);
            RuleFor(p => p.StyleIds).Custom(AddStyleErrors).When(p => p.StyleIds is not null);
            RuleFor(p => p.Guidances!).SetValidator(new GuidancesValidator(model)).When(p => p.Guidances is not null);
        }

        private void Range(System.Linq.Expressions.Expression<Func<GenerationParameters, long?>> member, NumberRange range, string unit) =>
            RuleFor(member).InclusiveBetween(range.Min, range.Max).WithErrorCode("out-of-range").WithMessage(OutOfRange(range, unit));

        private static void AddStyleErrors(IReadOnlyList<string?>? ids, ValidationContext<GenerationParameters> context)
        {
            var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            var errors = 0;
            for (var i = 0; i < ids!.Count && errors <= MaxReportedErrors; i++)
            {
                var (code, message) =
                    !IsUuidOrAbsent(ids[i]) ? ("not-a-uuid", "must be a UUID")
                    : ids[i] is { } id && !seen.Add(id) ? ("duplicate", "must not be repeated")
                    : (null, "");
                if (code is null)
                    continue;
                errors++;
                context.AddFailure(new ValidationFailure($"{context.PropertyPath}[{i}]", message) { ErrorCode = code });
            }
        }

        /// <summary>
        /// White space and format characters (Unicode category Cf, such as the zero-width space) print nothing.
        /// </summary>
        private static bool IsBlank(string text)
        {
            foreach (var rune in text.EnumerateRunes())
            {
                if (!Rune.IsWhiteSpace(rune) && Rune.GetUnicodeCategory(rune) != UnicodeCategory.Format)
                    return false;
            }
            return true;
        }

        private static bool HasAtMost(string text, int codePoints) =>
            text.Length <= codePoints || text.Count(c => !char.IsLowSurrogate(c)) <= codePoints;
    }

    private sealed class GuidancesValidator : AbstractValidator<Guidances>
    {
        private const int MaxValidatedItems = 100;

        public GuidancesValidator(ImageModel model)
        {
            RuleFor(g => g.ImageReference)
                .Must(references => references is null || references.Count <= model.MaxReferences)
                .WithErrorCode("too-many")
                .WithMessage($"must have at most {model.MaxReferences} items");
            // A list that is far too long is not validated item by item: tens of thousands of objects fit into a body.
            RuleForEach(g => g.ImageReference)
                .SetValidator(new ReferenceValidator(model))
                .When(g => g.ImageReference?.Count <= Math.Max(MaxValidatedItems, model.MaxReferences));
        }
    }

    private sealed class ReferenceValidator : AbstractValidator<ImageReference>
    {
        public ReferenceValidator(ImageModel model)
        {
            RuleFor(r => r.Image).NotNull().WithErrorCode(Required).WithMessage("is required");
            RuleFor(r => r.Image!.Id)
                .Cascade(CascadeMode.Stop)
                .NotNull()
                .WithErrorCode(Required)
                .WithMessage("is required")
                .Must(IsUuidOrAbsent)
                .WithErrorCode("not-a-uuid")
                .WithMessage("must be a UUID")
                .When(r => r.Image is not null);
            RuleFor(r => r.Image!.Type).NotNull().WithErrorCode(Required).WithMessage("is required").When(r => r.Image is not null);
            OneOf(this, r => r.Image!.Type, ImageTypes).When(r => r.Image is not null);
            OneOf(this, r => r.Strength, model.ReferenceStrengths);
        }
    }

    private static IRuleBuilderOptions<T, string?> OneOf<T>(
        AbstractValidator<T> validator,
        System.Linq.Expressions.Expression<Func<T, string?>> member,
        IReadOnlyList<string> values
    ) =>
        validator
            .RuleFor(member)
            .Must(value => value is null || values.Contains(value, StringComparer.Ordinal))
            .WithErrorCode("not-allowed")
            .WithMessage($"must be one of {string.Join(", ", values)}");

    /// <summary>Null: of a wrong type, which the reader has reported.</summary>
    private static bool IsUuidOrAbsent(string? text) => text is null || Uuid.Is(text);
}
