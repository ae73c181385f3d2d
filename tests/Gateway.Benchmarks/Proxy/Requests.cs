using System.Globalization;
using System.Net;

namespace Gateway.Benchmarks.Proxy;

/// <summary>What the benchmark sends, and from which addresses.</summary>
internal static class Requests
{
    public const int MaxTenants = 100;

    private static long _made;

    public static readonly string Prompt = new('a', 420);

    /// <summary>The request of Leonardo's guide, with a prompt of 420 characters.</summary>
    public static readonly byte[] Guide = HttpMessage.Post("/v2/generations", Body(quantity: 1, width: 1440));

    public static readonly byte[] Invalid = HttpMessage.Post("/v2/generations", Body(quantity: 9, width: 1441));

    public static readonly byte[] Usage = HttpMessage.Get("/v1/usage");

    private const string Quota = """
        { "requestsPerMinute": 1000000000, "imagesPerDay": 1000000000, "imagesPerMonth": 1000000000, "usdPerMonth": 1000000000, "concurrentGenerations": 1000000000 }
        """;

    /// <summary>A hundred tenants with every quota, known by their networks 127.0.1.0/24 to 127.0.100.0/24.</summary>
    public static string TenantsFile =>
        $$"""
            { "organization": { "quota": { "imagesPerDay": 1000000000, "imagesPerMonth": 1000000000, "usdPerMonth": 1000000000 } },
              "tenants": [ {{string.Join(
                ",\n",
                Enumerable
                    .Range(1, MaxTenants)
                    .Select(n => $$"""{ "id": "team-{{n}}", "identify": { "networks": ["127.0.{{n}}.0/24"] }, "quota": {{Quota}} }""")
            )}} ] }
            """;

    /// <summary>
    /// Gives the prompt a number of its own: equal requests of one tenant are repeats, which is not the ordinary path.
    /// </summary>
    /// <param name="request">A copy of one of the above.</param>
    public static void MakeDistinct(Span<byte> request)
    {
        if (request.IndexOf(PromptStart) is >= 0 and var at)
            Interlocked.Increment(ref _made).TryFormat(request[(at + PromptStart.Length)..], out _, "D12", CultureInfo.InvariantCulture);
    }

    private static ReadOnlySpan<byte> PromptStart => "\"prompt\":\""u8;

    /// <param name="tenant">From 0.</param>
    public static IPAddress AddressOf(int tenant) => new([127, 0, (byte)(tenant + 1), 1]);

    private static string Body(int quantity, int width) =>
        $$$"""{"model":"flux-pro-2.0","public":false,"parameters":{"prompt":"{{{Prompt}}}","quantity":{{{quantity}}},"width":{{{width}}},"height":1440,"prompt_enhance":"OFF","style_ids":["111dc692-d470-4eec-b791-3475abac4c46"]}}""";
}
