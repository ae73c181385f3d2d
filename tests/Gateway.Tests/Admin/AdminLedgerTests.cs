using System.Globalization;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Tests.Storage;
using Gateway.Tests.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Admin;

/// <summary>Usage, unknown outcomes and the audit trail.</summary>
public sealed class AdminLedgerTests
{
    [Fact]
    public async Task JSON_CSV_metrics_and_the_invoice_have_the_same_sums()
    {
        await using var admin = await AdminGateway.StartAsync();
        for (var i = 0; i < 6; i++)
        {
            await admin.GenerateAsync("b", 1 + i % 4);
            if (i == 2)
                await admin.PostAsync($"/admin/generations/{await admin.UnknownAsync("b")}/release", """{"reason":"nothing there"}""");
            if (i % 2 == 1)
                admin.Gateway.Time.Advance(TimeSpan.FromDays(1));
        }
        await admin.GenerateAsync();
        var invoice = admin.Gateway.Leonardo.Invoice;
        var (images, usd) = (invoice.Sum(line => line.Quantity), invoice.Sum(line => line.Amount));
        const string Range = "from=2026-11-22&to=2026-11-30";

        foreach (var by in (string[])["tenant,day", "tenant", "day"])
        {
            var json = await admin.JsonAsync($"/admin/usage?{Range}&by={by}");
            json["totals"]!["images"]!.GetValue<long>().ShouldBe(images);
            json["totals"]!["usd"]!.GetValue<decimal>().ShouldBe(usd);
            json["totals"]!["generations"]!.GetValue<long>().ShouldBe(invoice.Count);
            var rows = json["rows"]!.AsArray();
            rows.Sum(row => row!["images"]!.GetValue<long>()).ShouldBe(images);

            var csv = await admin.GetAsync($"/admin/usage?{Range}&by={by}", ("Accept", "text/csv"));
            csv.Content.Headers.ContentType!.MediaType.ShouldBe("text/csv");
            var lines = (await csv.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
                .Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(','))
                .ToArray();
            string.Join(',', lines[0]).ShouldBe(by + ",generations,images,usd");
            lines.Length.ShouldBe(rows.Count + 1);
            lines.Skip(1).Sum(line => long.Parse(line[^2], CultureInfo.InvariantCulture)).ShouldBe(images);
            lines.Skip(1).Sum(line => decimal.Parse(line[^1], CultureInfo.InvariantCulture)).ShouldBe(usd);
        }
        var scrape = await Scrape.OfAsync(admin.Gateway);
        scrape.Value("gateway_charged_images_total").ShouldBe(images);
        scrape.Value("gateway_charged_microdollars_total").ShouldBe((double)(usd * 1_000_000));
    }

    [Fact]
    public async Task Usage_is_read_in_batches_without_losing_or_repeating_a_row()
    {
        await using var admin = await AdminGateway.StartAsync();
        await admin.GenerateAsync("b");
        var database = (Gateway.Storage.Database)admin.Gateway.Services.GetService(typeof(Gateway.Storage.Database))!;
        await database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                for (var day = 0; day < 25; day++)
                {
                    for (var tenant = 0; tenant < 100; tenant++)
                    {
                        await using var command = connection.CreateCommand();
                        command.Transaction = transaction;
                        command.CommandText =
                            $"insert into quota_window values ('t{tenant}', '2025-01-{day + 1:00}', 0, {tenant + 1}, 0, {day + 1}, 1, 0, 0)";
                        await command.ExecuteNonQueryAsync(cancellationToken);
                    }
                }
                return true;
            },
            TestContext.Current.CancellationToken
        );

        var json = await admin.JsonAsync("/admin/usage?from=2025-01-01&to=2025-01-31");

        var rows = json["rows"]!.AsArray();
        rows.Count.ShouldBe(2500);
        rows.Select(row => $"{row!["tenant"]} {row["day"]}").Distinct(StringComparer.Ordinal).Count().ShouldBe(2500);
        json["totals"]!["images"]!.GetValue<long>().ShouldBe(25 * 5050);
    }

    [Theory]
    [InlineData("from=yesterday")]
    [InlineData("from=2026-11-22&to=2026-11-21")]
    [InlineData("from=1000-01-01")]
    [InlineData("by=prompt")]
    public async Task An_invalid_query_is_refused(string query)
    {
        await using var admin = await AdminGateway.StartAsync();

        await (await admin.GetAsync("/admin/usage?" + query)).ProblemAsync(400, "validation");
    }

    [Fact]
    public async Task An_unknown_outcome_is_released_once_and_the_audit_says_by_whom_and_why()
    {
        await using var admin = await AdminGateway.StartAsync();
        var id = await admin.UnknownAsync();
        var listed = await admin.JsonAsync("/admin/generations?state=unknown&tenant=a");
        listed["generations"]!.AsArray().ShouldHaveSingleItem()!["reservationId"]!.GetValue<string>().ShouldBe(id);

        var released = await (await admin.PostAsync($"/admin/generations/{id}/release", """{"reason":"not in the account"}""")).JsonAsync();

        released["state"]!.GetValue<string>().ShouldBe("released");
        var usage = await (await admin.Gateway.GetAsync("/v1/usage")).JsonAsync();
        usage["quotas"]!.AsArray().Single(quota => quota!["name"]!.GetValue<string>() == "images-day")!["held"]!
            .GetValue<long>()
            .ShouldBe(0);
        await (await admin.PostAsync($"/admin/generations/{id}/release", """{"reason":"again"}""")).ProblemAsync(409, "not-unknown");
        var line = (await admin.JsonAsync("/admin/audit"))["lines"]!.AsArray().ShouldHaveSingleItem()!;
        line["action"]!.GetValue<string>().ShouldBe("release");
        line["target"]!.GetValue<string>().ShouldBe(id);
        line["reason"]!.GetValue<string>().ShouldBe("not in the account");
        line["who"]!.GetValue<string>().ShouldStartWith("olga (");
    }

    [Fact]
    public async Task An_unknown_outcome_is_settled_with_its_generation_or_as_spent()
    {
        await using var admin = await AdminGateway.StartAsync();
        var (found, lost) = (await admin.UnknownAsync(), await admin.UnknownAsync());
        const string Generation = "1b1f0c3e-0000-4000-8000-00000000abcd";

        var settled = await (
            await admin.PostAsync($"/admin/generations/{found}/settle", $$"""{"reason":"found it","generationId":"{{Generation}}"}""")
        ).JsonAsync();
        var spent = await (await admin.PostAsync($"/admin/generations/{lost}/settle", """{"reason":"cannot tell"}""")).JsonAsync();

        (settled["state"]!.GetValue<string>(), settled["generationId"]!.GetValue<string>()).ShouldBe(("settled", Generation));
        spent["state"]!.GetValue<string>().ShouldBe("written-off");
        spent["chargedUsd"]!.GetValue<string>().ShouldBe(settled["chargedUsd"]!.GetValue<string>());
        (await admin.JsonAsync("/admin/usage"))["totals"]!["images"]!.GetValue<long>().ShouldBe(2);
        var other = await admin.UnknownAsync();
        await (
            await admin.PostAsync($"/admin/generations/{other}/settle", $$"""{"reason":"x","generationId":"{{Generation}}"}""")
        ).ProblemAsync(409, "not-unknown");
        await (await admin.PostAsync($"/admin/generations/{other}/settle", """{"reason":"x","generationId":"no"}""")).ProblemAsync(
            400,
            "validation"
        );
        await (await admin.PostAsync($"/admin/generations/{Guid.NewGuid()}/release", """{"reason":"x"}""")).ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task A_changed_audit_line_breaks_the_chain()
    {
        await using var admin = await AdminGateway.StartAsync();
        await admin.PostAsync("/admin/tenants/a/suspend", """{"reason":"one"}""");
        await admin.PostAsync("/admin/tenants/a/resume", """{"reason":"two"}""");
        await admin.PostAsync("/admin/tenants/a/grants", """{"quota":"imagesPerDay","amount":2,"reason":"three"}""");
        var trail = await admin.JsonAsync("/admin/audit");
        trail["unbroken"]!.GetValue<bool>().ShouldBeTrue();
        trail["lines"]!.AsArray().Select(line => line!["action"]!.GetValue<string>()).ShouldBe(["grant", "resume", "suspend"]);

        await ExecuteAsync(admin, "update admin_audit set who = 'nobody' where n = 2");
        (await admin.JsonAsync("/admin/audit"))["unbroken"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task A_change_whose_audit_line_cannot_be_written_is_not_made()
    {
        await using var admin = await AdminGateway.StartAsync();
        var unknown = await admin.UnknownAsync();
        var before = await StateAsync();
        await ExecuteAsync(admin, "create trigger no_room before insert on admin_audit begin select raise(abort, 'no room'); end");

        foreach (
            var (path, body) in ((string, string)[])
                [
                    ("tenants/a/suspend", """{"reason":"one"}"""),
                    ("tenants/a/grants", """{"quota":"imagesPerDay","amount":2,"reason":"two"}"""),
                    ($"generations/{unknown}/release", """{"reason":"three"}"""),
                ]
        )
            ((int)(await admin.PostAsync("/admin/" + path, body)).StatusCode).ShouldBeGreaterThanOrEqualTo(500, path);

        (await StateAsync()).ShouldBe(before);
        (await admin.JsonAsync("/admin/audit"))["lines"]!.AsArray().ShouldBeEmpty();

        async Task<string> StateAsync() =>
            $"{(await admin.JsonAsync("/admin/tenants"))["tenants"]} {(await admin.JsonAsync("/admin/generations?state=unknown"))["generations"]}";
    }

    [Fact]
    public async Task The_upstream_shows_the_last_characters_of_the_key_and_the_last_errors()
    {
        await using var admin = await AdminGateway.StartAsync();
        await admin.GenerateAsync();
        await admin.UnknownAsync();

        var upstream = await admin.JsonAsync("/admin/upstream");

        upstream["key"]!["tail"]!.GetValue<string>().ShouldBe(admin.Gateway.Leonardo.Key[^4..]);
        upstream["balance"]!["tokens"]!.GetValue<decimal>().ShouldBeGreaterThan(0);
        upstream["open"]!["unknown"]!.GetValue<long>().ShouldBe(1);
        upstream["slots"]!["limit"]!.GetValue<int>().ShouldBe(1000);
        upstream["lastErrors"]!.AsArray().ShouldHaveSingleItem()!["outcome"]!.GetValue<string>().ShouldBe("outcome-unknown");
        upstream.ToJsonString().ShouldNotContain(admin.Gateway.Leonardo.Key);
    }

    private static Task<int> ExecuteAsync(AdminGateway admin, string sql) =>
        admin.Gateway.Services.GetRequiredService<Database>().ExecuteAsync(sql);
}
