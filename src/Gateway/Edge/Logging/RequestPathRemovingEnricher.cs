using Serilog.Core;
using Serilog.Events;

namespace Gateway.Edge.Logging;

/// <summary>
/// Removes the raw request path, which the server adds to its logging scope and any caller can fill (T-F1).
/// </summary>
internal sealed class RequestPathRemovingEnricher : ILogEventEnricher
{
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory) => logEvent.RemovePropertyIfPresent("RequestPath");
}
