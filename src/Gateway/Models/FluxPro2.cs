namespace Gateway.Models;

/// <summary>FLUX.2 Pro.</summary>
/// <remarks>
/// Limits: https://docs.leonardo.ai/docs/flux-2-pro (2026-01-22). Length of the prompt and ids of the styles:
/// Leonardo's OpenAPI document (https://docs.leonardo.ai/reference/creategeneration-1). Names of the styles: the
/// FLUX.1 Kontext page, which lists the same ids. The OpenAPI document permits 64–14142 px and defaults to four
/// images and to rewriting prompts; the guide's narrower limits are safe in both, and every default is sent, so the
/// difference never changes a bill.
/// </remarks>
internal static class FluxPro2
{
    public static ImageModel Model { get; } =
        new()
        {
            Name = "flux-pro-2.0",
            Title = "FLUX.2 Pro",
            Source = "https://docs.leonardo.ai/docs/flux-2-pro",
            Width = new(256, 1440, 1440),
            Height = new(256, 1440, 1440),
            Quantity = new(1, 8, 1),
            Seed = new(0, 4_294_967_295),
            PromptMaxLength = 9_999,
            MaxReferences = 4,
            ReferenceStrengths = ["LOW", "MID", "HIGH"],
            DefaultReferenceStrength = "MID",
            Price = new CreditPrice(CreditsPerMillionPixels: 27, MicrosPerCredit: 1_495),
            AspectRatios = [new("2:3", 960, 1440), new("1:1", 1440, 1440), new("16:9", 1440, 810), new("9:16", 810, 1440)],
            Styles =
            [
                new("3D Render", "debdf72a-91a4-467b-bf61-cc02bdeb69c6"),
                new("Acrylic", "3cbb655a-7ca4-463f-b697-8a03ad67327c"),
                new("Creative", "6fedbf1f-4a17-45ec-84fb-92fe524a29ef"),
                new("Dynamic", "111dc692-d470-4eec-b791-3475abac4c46"),
                new("Fashion", "594c4a08-a522-4e0e-b7ff-e4dac4b6b622"),
                new("Game Concept", "09d2b5b5-d7c5-4c02-905d-9f84051640f4"),
                new("Graphic Design 2D", "703d6fe5-7f1c-4a9e-8da0-5331f214d5cf"),
                new("Graphic Design 3D", "7d7c2bc5-4b12-4ac3-81a9-630057e9e89f"),
                new("Illustration", "645e4195-f63d-4715-a3f2-3fb1e6eb8c70"),
                new("None", "556c1ee5-ec38-42e8-955a-1e82dad0ffa1"),
                new("Portrait", "ab5a4220-7c42-41e5-a578-eddb9fed3d75"),
                new("Portrait Cinematic", "4edb03c9-8a26-4041-9d01-f85b5d4abd71"),
                new("Portrait Fashion", "0d34f8e1-46d4-428f-8ddd-4b11811fa7c9"),
                new("Pro B&W Photography", "22a9a7d2-2166-4d86-80ff-22e2643adbcf"),
                new("Pro Color Photography", "7c3f932b-a572-47cb-9b9b-f20211e63b5b"),
                new("Pro Film Photography", "581ba6d6-5aac-4492-bebe-54c424a0d46e"),
                new("Ray Traced", "b504f83c-3326-4947-82e1-7fe9e839ec0f"),
                new("Stock Photo", "5bdc3f2a-1be6-4d1c-8e77-992a30824a2c"),
                new("Watercolor", "1db308ce-c7ad-4d10-96fd-592fa6b75cc4"),
            ],
        };
}
