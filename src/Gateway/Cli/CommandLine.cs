using Gateway.Edge;

namespace Gateway.Cli;

/// <summary>The commands. None of them starts the server.</summary>
internal static class CommandLine
{
    private static readonly Command[] Commands =
    [
        new("new-token", "", "make a gateway token and the digest for the tenants file", NewTokenCommand.RunAsync),
        new("check", "[FILE]", "check a tenants file; without FILE every setting and the file they name", CheckCommand.RunAsync),
        new(
            "who",
            "--address IP [--header 'NAME: VALUE']... [--tenants FILE]",
            "which tenant such a caller is taken for, and why",
            WhoCommand.RunAsync
        ),
        new("backup", "FILE", "copy the SQLite store into a new file, also while the gateway runs", BackupCommand.RunAsync),
        new(
            "migrate",
            "[--undo] FILE",
            "move a SQLite store into the empty PostgreSQL database that the settings name, all of it or nothing; --undo: abandon that",
            MigrateCommand.RunAsync
        ),
        new("health", "", "ask the gateway on this machine whether it is ready", HealthCommand.RunAsync),
        new("version", "", "print the versions of the gateway, .NET and SQLite", VersionCommand.RunAsync),
    ];

    /// <returns>What to run instead of the server; null: the arguments name no command.</returns>
    public static Func<Task<int>>? Find(string[] args) =>
        args switch
        {
            ["--help" or "-h", ..] => PrintHelpAsync,
            ["--version", ..] => () => VersionCommand.RunAsync([]),
            [] or [['-', ..], ..] => null,
            // Goes the way of a start up to the point where all settings have been read: see Program.cs.
            [CheckCommand.Name] => null,
            [var name, .. var rest] => Commands.FirstOrDefault(command => command.Name == name) is { } command
                ? () => command.RunAsync(rest)
                : () => RefuseAsync($"There is no command {Printable(name)}."),
        };

    /// <summary>Says what is wrong with the arguments and how the command is called.</summary>
    /// <returns>The exit code.</returns>
    public static Task<int> RefuseAsync(string fault, string? name = null)
    {
        Console.Error.WriteLine(fault);
        foreach (var command in Commands.Where(command => name is null || command.Name == name))
            Console.Error.WriteLine($"usage: gateway {command.Usage}");
        return Task.FromResult(ExitCode.Usage);
    }

    private static Task<int> PrintHelpAsync()
    {
        Console.Out.WriteLine("usage: gateway [--SETTING=VALUE]...   start the server");
        Console.Out.WriteLine("       gateway COMMAND                run a command, which starts no server");
        Console.Out.WriteLine();
        foreach (var command in Commands)
        {
            Console.Out.WriteLine($"  {command.Usage}");
            Console.Out.WriteLine($"      {command.Description}");
        }
        Console.Out.WriteLine("  --help, --version");
        Console.Out.WriteLine();
        Console.Out.WriteLine("Exit codes: 0 good, 1 something was found, 2 usage, 3 the store is locked or cannot be reached.");
        Console.Out.WriteLine("Settings are environment variables (Leonardo__ApiKeyFile=...) or options (--Leonardo:ApiKeyFile=...).");
        Console.Out.WriteLine("They are documented in docs/settings.md, which a running gateway serves at /docs.");
        return Task.FromResult(ExitCode.Good);
    }

    private static string Printable(string text) => new([.. text.Take(40).Select(c => char.IsControl(c) ? '?' : c)]);

    private sealed record Command(string Name, string Arguments, string Description, Func<string[], Task<int>> RunAsync)
    {
        public string Usage => Arguments.Length > 0 ? $"{Name} {Arguments}" : Name;
    }
}
