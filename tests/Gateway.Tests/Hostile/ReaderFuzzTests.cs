using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Hostile;

/// <summary>
/// A differential fuzzer of reader, validator and writer: our code and the independent <see cref="Canonical"/> must
/// agree to the byte on every mutated body. It runs for a few seconds here, longer in <c>tests/fuzz</c>. A failure
/// prints how to repeat it.
/// </summary>
public sealed class ReaderFuzzTests(ITestOutputHelper output, GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly GenerationRequestReader _reader = fixture.Gateway.Services.GetRequiredService<GenerationRequestReader>();

    private static readonly Tenant Team = new("team", "Team", QuotaLimits.Unlimited, new TenantPolicy(AnyReferences: true));

    [Fact]
    public async Task No_mutated_body_makes_the_reader_fail_or_differ_from_an_independent_one()
    {
        var seconds = Setting("FUZZ_SECONDS") ?? 3;
        var seed = Setting("FUZZ_SEED") ?? Random.Shared.Next();
        output.WriteLine($"FUZZ_SEED={seed}");
        byte[][] corpus = [.. HostileBodies.All.Select(body => body.Bytes).Where(body => body.Length < 20_000)];
        var (bodies, valid, slowest) = (0, 0, TimeSpan.Zero);
        var start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start).TotalSeconds < seconds)
        {
            var body = new BodyMutator(corpus, new Random(seed + bodies)).Next();
            bodies++;
            var began = TimeProvider.System.GetTimestamp();
            var fault = await FaultAsync(body);
            var took = TimeProvider.System.GetElapsedTime(began);
            slowest = took > slowest ? took : slowest;
            if (fault is not null)
            {
                var small = await ShrinkAsync(body);
                Assert.Fail(
                    $"FUZZ_SEED={seed}, body {bodies - 1}: {await FaultAsync(small)}\n{Convert.ToBase64String(small)}\n{Encoding.Latin1.GetString(small)}"
                );
            }
            valid += Canonical.Of(body) is null ? 0 : 1;
        }
        output.WriteLine($"{bodies} bodies, {valid} of them valid, slowest {slowest.TotalMilliseconds:0} ms");
        // A fuzzer that only gets one answer tests nothing.
        valid.ShouldBeGreaterThan(0);
        valid.ShouldBeLessThan(bodies);
    }

    /// <returns>How our code and the independent reader disagree; null: they agree.</returns>
    private async Task<string?> FaultAsync(byte[] body)
    {
        if (body.Length > EdgeFeature.MaxBodyBytes)
            return null;
        var expected = Canonical.Of(body);
        try
        {
            var context = new DefaultHttpContext();
            context.Request.ContentType = "application/json";
            context.Request.Body = new MemoryStream(body);
            var (request, refusal) = await _reader.ReadAsync(context.Request, Team);
            refusal ??= request!.Refusal?.ToProblem();
            if (refusal is not null)
                return expected is not null ? $"refused: {refusal.Type.Name}" : await FaultOfRefusalAsync(refusal);
            var sent = request!.Request.WithSeed().Write().ToArray();
            return expected is null ? $"accepted: {Encoding.UTF8.GetString(sent)}"
                : Canonical.OfSent(sent, expected) != expected ? $"sent: {Encoding.UTF8.GetString(sent)}"
                : null;
        }
        catch (Exception exception)
        {
            return exception.ToString();
        }
    }

    private async Task<string?> FaultOfRefusalAsync(Problem refusal)
    {
        var context = new DefaultHttpContext { RequestServices = fixture.Gateway.Services };
        var answer = new MemoryStream();
        context.Response.Body = answer;
        await refusal.ExecuteAsync(context);
        using var json = JsonDocument.Parse(answer.ToArray());
        return refusal.Status is 400 or 403 && (refusal.Type == ProblemTypes.MalformedRequest || refusal.Errors.Count > 0)
            ? null
            : $"refused oddly: {json.RootElement}";
    }

    /// <summary>Removes pieces, large ones first, as long as the failure remains.</summary>
    private async Task<byte[]> ShrinkAsync(byte[] body)
    {
        for (var length = body.Length / 2; length > 0; length /= 2)
        {
            for (var at = 0; at + length <= body.Length; )
            {
                byte[] less = [.. body[..at], .. body[(at + length)..]];
                if (await FaultAsync(less) is null)
                    at += length;
                else
                    body = less;
            }
        }
        return body;
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
