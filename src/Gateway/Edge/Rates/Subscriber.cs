using System.Net;
using Gateway.Edge.Addresses;

namespace Gateway.Edge.Rates;

/// <summary>The address to which a request is counted: the caller's, in IPv6 its /64.</summary>
internal static class Subscriber
{
    public static IPAddress From(HttpContext context, TrustedProxies trustedProxies) =>
        Peer.From(context, trustedProxies).CallerAddress(context, trustedProxies) is { } address
            ? Network.SubscriberOf(address)
            : IPAddress.None;
}
