using Serilog.Core;
using Serilog.Events;

namespace Gateway.Edge.Http;

/// <summary>Takes the path as the caller wrote it off every event: the server puts it into its scope, and it is anybody's text (threats F1).</summary>
internal sealed class RequestPathRemovingEnricher : ILogEventEnricher
{
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory) => logEvent.RemovePropertyIfPresent("RequestPath");
}
