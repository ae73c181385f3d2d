using System.Net;
using Gateway.Edge.Addresses;
using Gateway.Edge.Problems;
using Gateway.Edge.Rates;

namespace Gateway.Edge.Logging;

/// <summary>
/// Decides which refusals of requests without a tenant are logged one by one: the first few of each address and reason
/// in ten seconds. The others are counted, and one line at the end of that time sums them up (T-J6, T-K11).
/// </summary>
internal sealed partial class RefusalLog(TrustedProxies trustedProxies, TimeProvider time, ILogger<RefusalLog> log) : BackgroundService
{
    private const int LoggedOneByOne = 5;

    /// <summary>Of each time; further addresses are summed up together.</summary>
    private const int MaxAddresses = 200;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private Dictionary<(IPAddress? Address, string Reason), int> _refusals = [];

    /// <summary>Whether this answer is only counted. To be called once for each answer.</summary>
    public bool IsOnlyCounted(HttpContext context) =>
        context.Response.StatusCode is >= 400 and < 500
        && (context.Features.Get<AnonymousRequest>() is not null || context.GetEndpoint() is null)
        && !Admits(context, Reason(context));

    /// <summary>Counts something that was refused, and says whether it is logged by itself.</summary>
    /// <param name="reason">One of a few: never what a caller sent.</param>
    public bool Admits(HttpContext context, string reason)
    {
        var key = ((IPAddress?)Subscriber.From(context, trustedProxies), reason);
        lock (_lock)
        {
            if (!_refusals.TryGetValue(key, out var count) && _refusals.Count >= MaxAddresses)
            {
                key = (null, reason);
                // Of these not even the first ones are logged: there may be any number of addresses.
                count = _refusals.TryGetValue(key, out var others) ? others : LoggedOneByOne;
            }
            _refusals[key] = count + 1;
            return count < LoggedOneByOne;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Window, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
                SumUp();
        }
        finally
        {
            SumUp();
        }
    }

    private static string Reason(HttpContext context) =>
        context.Features.Get<Problem>()?.Type.Name
        ?? context.Response.StatusCode.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private void SumUp()
    {
        Dictionary<(IPAddress? Address, string Reason), int> refusals;
        lock (_lock)
        {
            if (_refusals.Count == 0)
                return;
            (refusals, _refusals) = (_refusals, []);
        }
        foreach (var ((address, reason), count) in refusals)
        {
            if (count > LoggedOneByOne)
                Log.SummedUp(log, count - LoggedOneByOne, address?.ToString() ?? "other addresses", reason, (int)Window.TotalSeconds);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "{Refusals} more requests from {Address:l} were refused ({Reason:l}) in the last {Seconds} s and are not logged one by one"
        )]
        public static partial void SummedUp(ILogger logger, int refusals, string address, string reason, int seconds);
    }
}
