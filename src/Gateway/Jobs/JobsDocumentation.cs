using Gateway.Edge.Documentation;
using Gateway.Results;

namespace Gateway.Jobs;

/// <summary>Documents <c>/v1/jobs</c>.</summary>
internal static class JobsDocumentation
{
    private const string ExampleQueued = """
        {
          "id": "01a20320-a200-74b8-84a7-08214f5de17f", "status": "QUEUED", "position": 3, "estimatedStart": "2026-11-22T10:00:07Z",
          "createdAt": "2026-11-22T10:00:00Z", "generationId": null, "problem": null
        }
        """;

    private const string ExampleComplete = """
        {
          "id": "01a20320-a200-74b8-84a7-08214f5de17f", "status": "COMPLETE", "position": null, "estimatedStart": null,
          "createdAt": "2026-11-22T10:00:00Z", "generationId": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53", "problem": null
        }
        """;

    public static void Describe(ApiDocumentation documentation)
    {
        documentation.Parameter("/v1/jobs", "id", SchemaRules.Uuid);
        documentation.Parameter("/v1/jobs", "limit", SchemaRules.WholeNumber(1, PageRequest.MaxSize, PageRequest.DefaultSize));
        documentation.Parameter("/v1/jobs", "after", SchemaRules.Matching("^[A-Za-z0-9_-]+$"));
        documentation.Parameter("/v1/jobs", "status", SchemaRules.OneOf(JobEndpoints.StatusNames));
        documentation.Schema<JobState>(
            ("id", SchemaRules.Uuid),
            ("status", SchemaRules.OneOf(JobEndpoints.StatusNames)),
            ("generationId", SchemaRules.Uuid)
        );
        documentation.Schema<JobProblem>(SchemaRules.Nullable);
        documentation.Schema<JobList>(("jobs", SchemaRules.AtMost(PageRequest.MaxSize)));
        documentation.Example<JobFound>("queued", $$"""{ "job": {{ExampleQueued}}, "request": {{ResultsDocumentation.ExampleRequest}} }""");
        documentation.Example<JobFound>(
            "complete",
            $$"""{ "job": {{ExampleComplete}}, "generations_by_pk": {{ResultsDocumentation.ExampleComplete}} }"""
        );
        documentation.Example<JobList>("page", $$"""{ "jobs": [{{ExampleQueued}}], "next": null }""");
    }
}
