using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Leonardo.Simulator;

internal static class Program
{
    private const string Usage = """
        Leonardo.Simulator, a stand-in for https://cloud.leonardo.ai

          --urls http://127.0.0.1:9100   where to listen; 0.0.0.0 = everywhere, port 0 = any free one
          --key UUID                     the API key to accept; left out: a new one, printed
          --seconds 1.0                  how long a generation runs
          --slots 10  --pending 200      how many run at once, how many may wait
          --per-minute 100               generations a minute, 0 = no limit
          --balance 1000.00              credit in dollars
          --unit DOLLARS                 or CREDITS
          --account UUID                 the account's user id
          --public-url URL               where image addresses point, if not to --urls

        Faults: [sim:NAME] in a prompt, or POST /_sim/faults. See also /_sim/invoice, /_sim/received, /_sim/stats.
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
            await StopAsync();
            return 0;
        }
        catch (Exception wrong) when (wrong is IOException or SocketException or ArgumentException)
        {
            await Console.Error.WriteLineAsync(wrong.Message);
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
            for (var at = 0; at < arguments.Length; at += 2)
            {
                options = With(options, arguments[at], arguments[at + 1]);
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

    private static async Task StopAsync()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Ask(PosixSignalContext signal)
        {
            signal.Cancel = true;
            asked.TrySetResult();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
        await asked.Task;
    }
}
