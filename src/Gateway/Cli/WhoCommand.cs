using System.Net;
using Gateway.Edge;
using Gateway.Edge.Logging;
using Gateway.Edge.Problems;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Cli;

/// <summary>
/// <c>gateway who</c>: runs the server's own identification on a request that is made up, and prints what came of it.
/// Never prints a header.
/// </summary>
internal static class WhoCommand
{
    private const string Name = "who";

    public static async Task<int> RunAsync(string[] args)
    {
        if (!TryParse(args, out var caller, out var fault))
            return await CommandLine.RefuseAsync(fault, Name);
        var builder = GatewayBuilder.Create(caller.TenantsFile is { } file ? [$"--Tenants:File={Path.GetFullPath(file)}"] : []);
        var settings = new Settings(builder.Configuration);
        builder.AddEdge(settings);
        builder.Services.AddTenants(settings, builder.Environment, CheckCommand.Models);
        foreach (var error in settings.Errors)
            await Console.Error.WriteLineAsync(error);
        if (settings.Errors.Count > 0)
            return ExitCode.Finding;

        await using var app = builder.Build();
        // The result is the answer; warnings about the request would be repetitions of it.
        app.Services.GetRequiredService<StandardOutputSink>().Discard();
        var request = await MadeUpRequest.IdentifyAsync(app.Services, caller.Address, caller.Headers);
        if (request.Features.Get<Caller>() is not { } tenant)
        {
            var refusal = request.Features.Get<Problem>();
            await Console.Error.WriteLineAsync($"{request.Response.StatusCode} {refusal?.Type.Name}: {refusal?.Detail}");
            return ExitCode.Finding;
        }
        await Console.Out.WriteLineAsync($"id: {tenant.Tenant.Id}");
        await Console.Out.WriteLineAsync($"name: {tenant.Tenant.Name}");
        await Console.Out.WriteLineAsync($"identifiedBy: {tenant.IdentifiedBy}");
        return ExitCode.Good;
    }

    private static bool TryParse(string[] args, out MadeUpCaller caller, out string fault)
    {
        IPAddress? address = null;
        string? tenants = null;
        var headers = new List<KeyValuePair<string, string>>();
        (caller, fault) = (new MadeUpCaller(IPAddress.None, headers, null), "");
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
                fault = $"{args[i]} needs a value.";
            else if (args[i] == "--address" && IPAddress.TryParse(args[i + 1], out var parsed))
                address = parsed;
            else if (args[i] == "--address")
                fault = "--address must be an IP address.";
            else if (args[i] == "--tenants")
                tenants = args[i + 1];
            else if (args[i] == "--header" && args[i + 1].IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
                headers.Add(new(args[i + 1][..colon].Trim(), args[i + 1][(colon + 1)..].Trim()));
            else
                fault = args[i] == "--header" ? "--header must be 'NAME: VALUE'." : "who takes --address, --header and --tenants.";
            if (fault.Length > 0)
                return false;
        }
        if (address is null)
            fault = "--address is missing: the IP address that the gateway would see.";
        caller = new MadeUpCaller(address ?? IPAddress.None, headers, tenants);
        return address is not null;
    }

    /// <param name="TenantsFile">Null: the one that the settings name.</param>
    private sealed record MadeUpCaller(IPAddress Address, IReadOnlyList<KeyValuePair<string, string>> Headers, string? TenantsFile);
}
