using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Results;

/// <summary>
/// Every route and every position of an id, with every kind of id: another tenant's object is answered exactly like one
/// that does not exist (T-B1, T-B3).
/// </summary>
public sealed class OwnershipTests : IAsyncLifetime
{
    private static readonly string[] Kinds = ["own", "upper", "foreign", "unknown", "malformed", "deleted"];

    private GatewayApp _gateway = null!;
    private readonly Dictionary<(string Thing, string Kind), string> _ids = [];

    public async ValueTask InitializeAsync()
    {
        _gateway = await TwoTenants.StartAsync();
        foreach (var (kind, tenant) in new[] { ("own", TwoTenants.AsA), ("deleted", TwoTenants.AsA), ("foreign", TwoTenants.AsB) })
        {
            var generation = await _gateway.MakeAsync(tenant);
            _ids[("generation", kind)] = generation["id"]!.GetValue<string>();
            _ids[("image", kind)] = generation.ImageId();
            _ids[("upload", kind)] = await _gateway.UploadAsync(tenant);
        }
        await _gateway.SendAsync(HttpMethod.Delete, "/v1/generations/" + _ids[("generation", "deleted")], null, TwoTenants.AsA);
        await _gateway.SendAsync(HttpMethod.Delete, "/v1/init-image/" + _ids[("upload", "deleted")], null, TwoTenants.AsA);
        foreach (var thing in new[] { "generation", "image", "upload" })
        {
            _ids[(thing, "upper")] = _ids[(thing, "own")].ToUpperInvariant();
            _ids[(thing, "unknown")] = Guid.NewGuid().ToString();
            _ids[(thing, "malformed")] = "x%20y";
        }
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData("GET", "/v1/generations/{generation}", null)]
    [InlineData("GET", "/api/rest/v1/generations/{generation}", null)]
    [InlineData("GET", "/v1/generations/{generation}", "Prefer: wait=5")]
    [InlineData("GET", "/v1/generations/{generation}", "Accept: text/event-stream")]
    [InlineData("GET", "/v1/generations/{generation}/images/{own image}", null)]
    [InlineData("HEAD", "/v1/generations/{generation}/images/{own image}", null)]
    [InlineData("GET", "/v1/generations/{own generation}/images/{image}", null)]
    [InlineData("GET", "/v1/generations/{own generation}/images/{image}", "If-None-Match: *")]
    [InlineData("GET", "/v1/generations/{foreign generation}/images/{foreign image}", null)]
    [InlineData("GET", "/v1/init-image/{upload}", null)]
    [InlineData("GET", "/v1/init-image/{upload}/image", null)]
    [InlineData("DELETE", "/v1/generations/{generation}", null)]
    [InlineData("DELETE", "/v1/init-image/{upload}", null)]
    public async Task Another_tenants_object_is_answered_as_if_it_did_not_exist(string method, string path, string? header)
    {
        string? nothing = null;
        // The tenant's own id comes last, because the request may delete it.
        foreach (var kind in Kinds.Reverse().Where(kind => method != "DELETE" || kind != "own"))
        {
            var before = _gateway.Leonardo.Received.Count;
            var response = await SendAsync(method, Path(path, kind), header);
            if (kind is "own" or "upper" && !path.Contains("{foreign", StringComparison.Ordinal))
            {
                response.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.NotModified);
                continue;
            }
            response.StatusCode.ShouldBe(HttpStatusCode.NotFound, kind);
            var body = await WithoutIdsAsync(response);
            (nothing ??= body).ShouldBe(body, kind);
            _gateway.Leonardo.Received.Count.ShouldBe(before, "nothing is asked of the upstream for what is not the tenant's");
        }
        if (method == "DELETE")
            _gateway.Leonardo.Received.Count(request => request.Method == "DELETE").ShouldBe(3);
    }

    [Theory]
    [InlineData("GENERATED", "image", "own", true)]
    [InlineData("GENERATED", "image", "upper", true)]
    [InlineData("GENERATED", "image", "foreign", false)]
    [InlineData("GENERATED", "image", "unknown", false)]
    [InlineData("GENERATED", "image", "deleted", false)]
    [InlineData("GENERATED", "generation", "own", false)]
    [InlineData("GENERATED", "upload", "own", false)]
    [InlineData("UPLOADED", "upload", "own", true)]
    [InlineData("UPLOADED", "upload", "upper", true)]
    [InlineData("UPLOADED", "upload", "foreign", false)]
    [InlineData("UPLOADED", "upload", "unknown", false)]
    [InlineData("UPLOADED", "upload", "deleted", false)]
    [InlineData("UPLOADED", "image", "own", false)]
    public async Task Only_the_tenants_own_image_can_be_a_reference(string type, string thing, string kind, bool allowed)
    {
        var before = _gateway.Leonardo.Invoice.Count;
        foreach (var path in new[] { "/v2/generations/quote", "/v2/generations" })
        {
            var response = await _gateway.PostAsync(
                References((_ids[("image", "own")], "GENERATED"), (_ids[(thing, kind)], type)),
                path,
                TwoTenants.AsA
            );
            if (allowed)
            {
                response.StatusCode.ShouldBe(HttpStatusCode.OK);
                continue;
            }
            var problem = await response.ProblemAsync(400, "validation");
            problem.Codes().ShouldBe(["#/parameters/guidances/image_reference/1/image/id unknown-reference"]);
        }
        _gateway.Leonardo.Invoice.Count.ShouldBe(allowed ? before + 1 : before);
    }

    [Fact]
    public async Task A_page_continues_where_the_last_one_ended_but_not_for_another_tenant()
    {
        for (var i = 0; i < 4; i++)
        {
            await _gateway.BeginAsync(TwoTenants.AsA);
            _gateway.Time.Advance(TimeSpan.FromSeconds(1));
        }
        var seen = new List<string>();
        string? next = null;
        do
        {
            var page = await (
                await _gateway.GetAsync("/v1/generations?limit=2" + (next is null ? "" : "&after=" + next), TwoTenants.AsA)
            ).JsonAsync();
            seen.AddRange(page["generations"]!.AsArray().Select(row => row!["id"]!.GetValue<string>()));
            next = page["next"]?.GetValue<string>();
            if (next is not null)
                await (await _gateway.GetAsync("/v1/generations?after=" + next, TwoTenants.AsB)).ProblemAsync(400, "validation");
        } while (next is not null);

        var mine = _gateway.Leonardo.Invoice.Reverse().Select(line => line.GenerationId);
        seen.ShouldBe(mine.Where(id => id != _ids[("generation", "foreign")] && id != _ids[("generation", "deleted")]));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=101")]
    [InlineData("limit=ten")]
    [InlineData("limit=1&limit=2")]
    [InlineData("after=nonsense")]
    [InlineData("after=")]
    [InlineData("after=zzz")]
    [InlineData("after=!")]
    [InlineData("after=a%00")]
    [InlineData("after=%ff")]
    [InlineData("after=====")]
    [InlineData("after=a+/b")]
    [InlineData("after=01234567890123456789012345678901234567890123")]
    public async Task Invalid_page_parameters_are_refused(string query) =>
        await (await _gateway.GetAsync("/v1/generations?" + query, TwoTenants.AsA)).ProblemAsync(400, "validation");

    [Fact]
    public async Task Another_tenants_object_and_an_unknown_one_take_the_same_time()
    {
        var (foreign, unknown) = (new List<double>(), new List<double>());
        for (var i = 0; i < 300; i++)
        {
            foreign.Add(await TimeAsync("/v1/generations/" + _ids[("generation", "foreign")]));
            unknown.Add(await TimeAsync("/v1/generations/" + _ids[("generation", "unknown")]));
        }
        // Medians of the same query with different ids: they differ only if it is not the same query.
        (Median(foreign) / Median(unknown)).ShouldBeInRange(0.5, 2);
    }

    private async Task<double> TimeAsync(string path)
    {
        var began = TimeProvider.System.GetTimestamp();
        (await _gateway.GetAsync(path, TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        return TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private string Path(string pattern, string kind)
    {
        foreach (var thing in new[] { "generation", "image", "upload" })
        {
            pattern = pattern.Replace($"{{own {thing}}}", _ids[(thing, "own")], StringComparison.Ordinal);
            pattern = pattern.Replace($"{{foreign {thing}}}", _ids[(thing, "foreign")], StringComparison.Ordinal);
            pattern = pattern.Replace($"{{{thing}}}", _ids[(thing, kind)], StringComparison.Ordinal);
        }
        return pattern;
    }

    private Task<HttpResponseMessage> SendAsync(string method, string path, string? header)
    {
        (string, string)[] headers = header is null ? [TwoTenants.AsA] : [TwoTenants.AsA, (header.Split(": ")[0], header.Split(": ")[1])];
        return _gateway.SendAsync(new HttpMethod(method), path, null, headers);
    }

    private static async Task<string> WithoutIdsAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (text.Length == 0)
            return "";
        var problem = JsonNode.Parse(text)!.AsObject();
        problem.Remove("instance").ShouldBeTrue();
        problem.Remove("traceId").ShouldBeTrue();
        return problem.ToJsonString();
    }

    private static string References(params (string Id, string Type)[] references)
    {
        var list = string.Join(
            ',',
            references.Select(reference => $$$"""{"image":{"id":"{{{reference.Id}}}","type":"{{{reference.Type}}}"}}""")
        );
        return $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","guidances":{"image_reference":[{{list}}] } } }""";
    }
}
