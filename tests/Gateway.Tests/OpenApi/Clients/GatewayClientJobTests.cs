using System.Net;
using System.Text;
using Leonardo.Gateway.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.OpenApi.Clients;

/// <summary>What the package sends for jobs and reads of their answers, against the answers of the contract.</summary>
public sealed class GatewayClientJobTests
{
    private const string Id = "01a20320-a200-74b8-84a7-08214f5de17f";
    private const string Generation = "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53";

    [Fact]
    public async Task A_job_is_submitted_with_one_key_waited_for_listed_and_cancelled()
    {
        var answers = new Answers(
            (503, """{"type":"/problems/store-unavailable","title":"","status":503,"detail":"Later.","instance":"","traceId":""}"""),
            (202, Job("QUEUED", """ "position": 2, "estimatedStart": "2026-11-22T10:00:07Z" """)),
            (200, Job("RUNNING", """ "position": null, "estimatedStart": null """)),
            (200, Job("COMPLETE", """ "position": null, "estimatedStart": null """, generation: true)),
            (200, $$"""{ "jobs": [{{Job("QUEUED", """ "position": 1, "estimatedStart": null """)[7..^1]}}], "next": "abc" }"""),
            (409, """{"type":"/problems/job-not-queued","title":"","status":409,"detail":"Sent.","instance":"","traceId":""}""")
        );
        await using var services = Services(answers);
        var client = services.GetRequiredService<GatewayClient>();
        var request = new GenerationBody
        {
            Model = "flux-pro-2.0",
            Parameters = new() { Prompt = "A cat" },
        };
        var cancellationToken = TestContext.Current.CancellationToken;

        var queued = await client.SubmitJobAsync(request, cancellationToken: cancellationToken);
        (queued.Id, queued.Status, queued.Position, queued.HasEnded).ShouldBe((Guid.Parse(Id), "QUEUED", 2, false));
        queued.EstimatedStart!.Value.ToUniversalTime().ShouldBe(new DateTime(2026, 11, 22, 10, 0, 7, DateTimeKind.Utc));
        var ended = await client.WaitForJobAsync(queued.Id, cancellationToken);
        (ended.Status, ended.GenerationId, ended.Generation!.Id).ShouldBe(("COMPLETE", Guid.Parse(Generation), Guid.Parse(Generation)));
        var page = await client.ListJobsAsync("QUEUED", cancellationToken: cancellationToken);
        (page.Jobs.ShouldHaveSingleItem().Position, page.Next).ShouldBe((1, "abc"));
        var refusal = await Should.ThrowAsync<GatewayException>(client.CancelJobAsync(queued.Id, cancellationToken));
        (refusal.Status, refusal.Type).ShouldBe((HttpStatusCode.Conflict, "/problems/job-not-queued"));

        answers
            .Sent.Select(one => one.Line)
            .ShouldBe([
                "POST /v2/generations respond-async",
                "POST /v2/generations respond-async",
                $"GET /v1/jobs/{Id} wait=60",
                $"GET /v1/jobs/{Id} wait=60",
                "GET /v1/jobs?limit=10&status=QUEUED ",
                $"DELETE /v1/jobs/{Id} ",
            ]);
        answers.Sent[0].Key.ShouldNotBeNull();
        answers.Sent[1].Key.ShouldBe(answers.Sent[0].Key);
    }

    private static string Job(string status, string place, bool generation = false) =>
        $$"""{"job":{ "id": "{{Id}}", "status": "{{status}}", {{place}}, "problem": null, "generationId": {{(generation ? $"\"{Generation}\"" : "null")}} }"""
        + (generation ? $$""", "generations_by_pk": { "id": "{{Generation}}", "status": "COMPLETE", "generated_images": [] } }""" : "}");

    private static ServiceProvider Services(Answers answers)
    {
        var services = new ServiceCollection();
        services
            .AddLeonardoGateway(options => options.Address = new Uri("http://gateway"))
            .ConfigurePrimaryHttpMessageHandler(() => answers);
        return services.BuildServiceProvider();
    }

    private sealed class Answers(params (int Status, string Body)[] answers) : HttpMessageHandler
    {
        private int _next;

        public List<(string Line, string? Key)> Sent { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var line = $"{request.Method} {request.RequestUri!.PathAndQuery} {Find(request, "Prefer")}";
            Sent.Add((line, Find(request, "Idempotency-Key")));
            var (status, body) = answers[_next++];
            var type = status < 400 ? "application/json" : "application/problem+json";
            return Task.FromResult(
                new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, type) }
            );
        }

        private static string? Find(HttpRequestMessage request, string header) =>
            request.Headers.TryGetValues(header, out var values) ? values.Single() : null;
    }
}
