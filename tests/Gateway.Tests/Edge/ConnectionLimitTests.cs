using System.Net.Sockets;
using Gateway.Edge;
using Gateway.Edge.Limits;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Edge;

/// <summary>Open connections are bounded, and callers that nobody knows keep no tenant out (T-J1, T-K7).</summary>
public sealed class ConnectionLimitTests
{
    private const string AsTenant = "GET /v1/usage HTTP/1.1\r\nHost: gateway\r\n\r\n";
    private const string AsNobody = "GET /problems HTTP/1.1\r\nHost: gateway\r\n\r\n";

    private static readonly (string, string) ThreeConnections = ("Limits:Connections", "3");

    [Fact]
    public async Task Silent_connections_make_room_for_new_ones_the_oldest_first()
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ThreeConnections);
        using var first = await RawConnection.OpenAsync(gateway.Address);
        using var half = await RawConnection.OpenAsync(gateway.Address);
        await half.SendAsync("GET /v1/usage HTTP/1.1\r\n");
        using var third = await RawConnection.OpenAsync(gateway.Address);

        using var fourth = await RawConnection.OpenAsync(gateway.Address);
        await fourth.SendAsync(AsTenant);
        (await fourth.ReadUntilAsync("\"totals\"")).ShouldStartWith("HTTP/1.1 200 ");

        (await first.ReadToEndAsync()).ShouldBeEmpty();
        await half.SendAsync("Host: gateway\r\n\r\n");
        (await half.ReadUntilAsync("\"totals\"")).ShouldStartWith("HTTP/1.1 200 ");
    }

    [Fact]
    public async Task A_connection_that_a_tenant_uses_is_kept_and_one_more_is_closed()
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ThreeConnections);
        var used = new List<RawConnection>();
        for (var i = 0; i < 3; i++)
            used.Add(await OpenAsync(gateway, AsTenant, "\"totals\""));

        (await AskAsync(gateway)).ShouldBeEmpty();

        foreach (var connection in used)
        {
            await connection.SendAsync(AsTenant);
            (await connection.ReadUntilAsync("\"totals\"")).ShouldContain("HTTP/1.1 200 ");
        }
        used[0].Dispose();
        await Eventually.HoldsAsync(async () => (await AskAsync(gateway)).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal));
        used.ForEach(connection => connection.Dispose());
    }

    [Fact]
    public async Task A_connection_whose_last_request_was_of_no_tenant_makes_room()
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ThreeConnections);
        using var anonymous = await OpenAsync(gateway, AsTenant, "\"totals\"");
        await anonymous.SendAsync(AsNobody);
        await anonymous.ReadUntilAsync("outcome-unknown");
        using var second = await OpenAsync(gateway, AsTenant, "\"totals\"");
        using var third = await OpenAsync(gateway, AsTenant, "\"totals\"");

        using var fourth = await OpenAsync(gateway, AsTenant, "\"totals\"");

        (await anonymous.ReadToEndAsync()).ShouldNotContain("HTTP/1.1 200 ");
        await second.SendAsync(AsTenant);
        (await second.ReadUntilAsync("\"totals\"")).ShouldContain("HTTP/1.1 200 ");
    }

    [Fact]
    public async Task A_full_gateway_says_so_in_its_log_once()
    {
        var log = new TestLog();
        await using var gateway = await GatewayApp.StartAsync(log: log, settings: ThreeConnections);
        var silent = new List<RawConnection>();
        for (var i = 0; i < 10; i++)
            silent.Add(await RawConnection.OpenAsync(gateway.Address));
        await Eventually.HoldsAsync(() => log.Lines.Any(line => line.Contains("All 3 connections are in use", StringComparison.Ordinal)));
        log.Lines.Count(line => line.Contains("connections are in use", StringComparison.Ordinal)).ShouldBe(1);
        silent.ForEach(connection => connection.Dispose());
    }

    [Theory]
    [InlineData(1024, null, 320)]
    [InlineData(2048, null, 832)]
    [InlineData(1_048_576, null, 10_000)]
    [InlineData(1024, "100", 100)]
    [InlineData(512, null, 64)]
    [InlineData(null, "20000", 20_000)]
    public void Connections_are_lowered_to_fit_the_limit_of_open_files(int? files, string? setting, int connections)
    {
        var (options, errors) = Read(files, setting);
        errors.ShouldBeEmpty();
        options.Connections.ShouldBe(connections);
    }

    [Theory]
    [InlineData(511, 63)]
    [InlineData(100, 0)]
    public void Too_few_open_files_are_one_error(int files, int usable) =>
        Read(files, null)
            .Errors.ShouldHaveSingleItem()
            .ShouldBe(
                $"Limits:Connections: only {usable} connections fit into the limit of open files of this process, which is {files}, "
                    + "and at least 64 are needed: raise the limit of open files (ulimit -n) to 512 or more"
            );

    private static (LimitOptions Options, IReadOnlyList<string> Errors) Read(int? files, string? setting)
    {
        var settings = new Settings(
            new ConfigurationBuilder()
                .AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Limits:Connections"] = setting })
                .Build()
        );
        return (LimitOptions.Read(settings, files), settings.Errors);
    }

    /// <returns>The answer on a new connection; empty: the gateway has closed it.</returns>
    private static async Task<string> AskAsync(GatewayApp gateway)
    {
        try
        {
            using var connection = await RawConnection.OpenAsync(gateway.Address);
            await connection.SendAsync(AsTenant);
            return await connection.ReadUntilAsync("\"totals\"");
        }
        catch (SocketException)
        {
            return "";
        }
    }

    private static async Task<RawConnection> OpenAsync(GatewayApp gateway, string request, string until)
    {
        var connection = await RawConnection.OpenAsync(gateway.Address);
        await connection.SendAsync(request);
        (await connection.ReadUntilAsync(until)).ShouldStartWith("HTTP/1.1 200 ");
        return connection;
    }
}
