using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Leonardo.Simulator;

internal static class Program
{
    private const string Usage = """
        Leonardo.Simulator simulates https://cloud.leonardo.ai

          --urls http://127.0.0.1:9100   address to listen on; 0.0.0.0 = all addresses, port 0 = any free port
          --key UUID                     API key to accept; default: a new one, which is printed
          --seconds 1.0                  duration of a generation
          --slots 10  --pending 200      generations that may run at once, and that may wait
          --per-minute 100               creations per minute; 0 = no limit
          --balance 1000.00              credit in dollars
          --unit DOLLARS                 unit of the stated cost: DOLLARS or CREDITS
          --account UUID                 user id of the account
          --public-url URL               base of image addresses; default: the address of --urls

        Faults: [sim:NAME] in a prompt, or POST /_sim/faults. Reports: /_sim/invoice, /_sim/received, /_sim/stats.
        """;

    private static async Task<int> Main(string[] arguments)
    {
        if (Parse(arguments) is not { } options)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        try
        {
            await using var simulator = await LeonardoSimulator.StartAsync(options);
            await Console.Out.WriteLineAsync(simulator.Address.AbsoluteUri.TrimEnd('/'));
            await Console.Error.WriteLineAsync($"Leonardo simulator: base URL {simulator.BaseUrl}, key {simulator.Key}");
            await WaitForSignalAsync();
            return 0;
        }
        catch (Exception exception) when (exception is IOException or SocketException or ArgumentException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    private static SimulatorOptions? Parse(string[] arguments)
    {
        var options = new SimulatorOptions();
        if (arguments.Length % 2 != 0)
        {
            return null;
        }

        try
        {
            for (var i = 0; i < arguments.Length; i += 2)
            {
                options = With(options, arguments[i], arguments[i + 1]);
            }

            return options;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static SimulatorOptions With(SimulatorOptions options, string name, string value) =>
        name switch
        {
            "--urls" => Listen(options, new Uri(value)),
            "--key" => options with { Key = value },
            "--seconds" => options with { JobSeconds = double.Parse(value, CultureInfo.InvariantCulture) },
            "--slots" => options with { Slots = int.Parse(value, CultureInfo.InvariantCulture) },
            "--pending" => options with { Pending = int.Parse(value, CultureInfo.InvariantCulture) },
            "--per-minute" => options with { CreationsPerMinute = int.Parse(value, CultureInfo.InvariantCulture) },
            "--balance" => options with { Balance = decimal.Parse(value, CultureInfo.InvariantCulture) },
            "--unit" => options with { AnswerUnit = value },
            "--account" => options with { AccountUserId = value },
            "--public-url" => options with { PublicUrl = new Uri(value) },
            _ => throw new FormatException(name),
        };

    private static SimulatorOptions Listen(SimulatorOptions options, Uri url) =>
        options with
        {
            Port = url.Port,
            Bind = url.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(url.Host),
        };

    private static async Task WaitForSignalAsync()
    {
        var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            signalled.TrySetResult();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        await signalled.Task;
    }
}
