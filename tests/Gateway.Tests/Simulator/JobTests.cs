using System.Text.Json;
using Leonardo.Simulator;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Simulator;

public sealed class JobTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 20, 10, 11, 12, 345, TimeSpan.Zero));

    [Fact]
    public async Task A_generation_is_pending_without_images_then_complete_with_all_of_them()
    {
        await using var client = await StartAsync(slots: 10, pending: 200);
        var id = await client.CreateAsync(Client.Body(quantity: 3));

        var pending = await client.ReadAsync(id);
        pending.GetProperty("status").GetString().ShouldBe("PENDING");
        pending.GetProperty("generated_images").GetArrayLength().ShouldBe(0);
        time.Advance(TimeSpan.FromSeconds(5));

        var complete = await client.ReadAsync(id);
        complete.GetProperty("status").GetString().ShouldBe("COMPLETE");
        complete.GetProperty("createdAt").GetString().ShouldBe("2026-11-20T10:11:12.345");
        complete.GetProperty("seed").GetInt64().ShouldBe(42);
        var images = complete.GetProperty("generated_images").EnumerateArray().ToList();
        images.Count.ShouldBe(3);
        images.Select(image => image.GetProperty("id").GetString()![14]).ShouldAllBe(version => version == '4');
        images[2]
            .GetProperty("url")
            .GetString()
            .ShouldEndWith($"/users/{client.Simulator.AccountUserId}/generations/{id}/flux-pro-2.0_a_red_kite-2.jpg");
    }

    [Fact]
    public async Task Generations_beyond_the_slots_wait()
    {
        await using var client = await StartAsync(slots: 2, pending: 10);
        var ids = new List<string>();
        for (var job = 0; job < 5; job++)
        {
            ids.Add(await client.CreateAsync());
        }

        foreach (var done in (int[])[2, 4, 5])
        {
            time.Advance(TimeSpan.FromSeconds(5));
            (await StatusesAsync(client, ids)).Count(status => status == "COMPLETE").ShouldBe(done);
        }

        client.Simulator.Stats.PeakRunning.ShouldBe(2);
        client.Simulator.Stats.PeakUnfinished.ShouldBe(5);
    }

    [Fact]
    public async Task A_generation_starts_at_once_when_a_slot_is_free()
    {
        await using var client = await StartAsync(slots: 1, pending: 1);
        await client.CreateAsync();
        time.Advance(TimeSpan.FromSeconds(7));

        var late = await client.CreateAsync();

        time.Advance(TimeSpan.FromSeconds(5));
        (await client.StatusAsync(late)).ShouldBe("COMPLETE");
    }

    [Fact]
    public async Task A_full_queue_refuses_and_charges_nothing()
    {
        await using var client = await StartAsync(slots: 1, pending: 1);
        await client.CreateAsync();
        await client.CreateAsync();

        (await client.ComplaintAsync(Client.Body())).ShouldBe("Too many pending jobs");
        client.Simulator.Invoice.Count.ShouldBe(2);
        time.Advance(TimeSpan.FromSeconds(5));
        await client.CreateAsync();
    }

    [Theory]
    [InlineData("job-fails", "FAILED", 0, false)]
    [InlineData("job-empty", "COMPLETE", 0, false)]
    [InlineData("job-nsfw", "COMPLETE", 1, true)]
    [InlineData("job-forever", "PENDING", 0, false)]
    public async Task A_job_can_fail(string fault, string status, int images, bool nsfw)
    {
        await using var client = await StartAsync(slots: 1, pending: 1);
        client.Simulator.ScriptNext(fault);
        var id = await client.CreateAsync();
        time.Advance(TimeSpan.FromHours(1));

        var read = await client.ReadAsync(id);

        read.GetProperty("status").GetString().ShouldBe(status);
        read.GetProperty("generated_images").GetArrayLength().ShouldBe(images);
        read.GetProperty("generated_images").EnumerateArray().Any(image => image.GetProperty("nsfw").GetBoolean()).ShouldBe(nsfw);
        client.Simulator.Invoice[0].Status.ShouldBe(status);
    }

    [Fact]
    public async Task The_list_is_the_whole_account_newest_first_in_pages()
    {
        await using var client = await StartAsync(slots: 9, pending: 9);
        var first = await client.CreateAsync();
        var second = await client.CreateAsync();
        var third = await client.CreateAsync();

        (await ListAsync(client, client.Simulator.AccountUserId, "?limit=2")).ShouldBe([third, second]);
        (await ListAsync(client, client.Simulator.AccountUserId, "?limit=2&offset=2")).ShouldBe([first]);
        (await ListAsync(client, Guid.NewGuid().ToString(), "")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_deleted_or_unknown_generation_reads_as_null()
    {
        await using var client = await StartAsync(slots: 9, pending: 9);
        var id = await client.CreateAsync();
        var path = new Uri($"/api/rest/v1/generations/{id}", UriKind.Relative);

        using var deleted = await client.Http.DeleteAsync(path, Client.Cancellation);
        using var again = await client.Http.DeleteAsync(path, Client.Cancellation);

        (await deleted.Content.ReadAsStringAsync(Client.Cancellation)).ShouldBe($$$"""{"delete_generations_by_pk":{"id":"{{{id}}}"}}""");
        (await again.Content.ReadAsStringAsync(Client.Cancellation)).ShouldBe("""{"delete_generations_by_pk":null}""");
        (await client.ReadAsync(id)).ValueKind.ShouldBe(JsonValueKind.Null);
        client.Simulator.Invoice.Count.ShouldBe(1);
    }

    private Task<Client> StartAsync(int slots, int pending) =>
        Client.StartAsync(
            new SimulatorOptions
            {
                Time = time,
                JobSeconds = 5,
                Slots = slots,
                Pending = pending,
            }
        );

    private static async Task<List<string>> StatusesAsync(Client client, List<string> ids)
    {
        var statuses = new List<string>();
        foreach (var id in ids)
        {
            statuses.Add(await client.StatusAsync(id));
        }

        return statuses;
    }

    private static async Task<List<string?>> ListAsync(Client client, string user, string query)
    {
        var page = await client.GetAsync($"/api/rest/v1/generations/user/{user}{query}");
        return [.. page.GetProperty("generations").EnumerateArray().Select(made => made.GetProperty("id").GetString())];
    }
}
