namespace Gateway.Edge.Logging;

/// <summary>How the log is written to standard output.</summary>
internal enum LogFormat
{
    /// <summary>One compact Serilog object a line, for machines.</summary>
    Json,

    /// <summary>For people.</summary>
    Text,
}
