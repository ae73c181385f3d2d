using System.Globalization;
using Gateway.Edge;
using Gateway.Tenants;

namespace Gateway.Admin.SetUp;

/// <summary>What comes into force with another tenants file, in sentences.</summary>
internal static class TenantsFileChanges
{
    public static IEnumerable<string> Between(TenantSnapshot now, TenantSnapshot then)
    {
        foreach (var change in Limits("The organisation", now.Organization, then.Organization))
            yield return change;
        foreach (var tenant in then.Tenants.Values.OrderBy(tenant => tenant.Id, StringComparer.Ordinal))
        {
            if (!now.Tenants.TryGetValue(tenant.Id, out var known))
                yield return $"{tenant.Id}: is added";
            else
            {
                foreach (var change in Between(known, tenant))
                    yield return change;
            }
        }
        foreach (var removed in now.Tenants.Keys.Except(then.Tenants.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
            yield return $"{removed}: is removed; its requests are refused, and what it has spent is kept";
    }

    private static IEnumerable<string> Between(Tenant now, Tenant then)
    {
        if (now.Name != then.Name)
            yield return $"{then.Id}: is called {then.Name}";
        if (now.Weight != then.Weight)
            yield return $"{then.Id}: weight {now.Weight} → {then.Weight}";
        foreach (var change in Limits(then.Id, now.Quota, then.Quota))
            yield return change;
        foreach (var (name, before, after) in Policies(now.Policy, then.Policy))
        {
            if (before != after)
                yield return $"{then.Id}: {name} {before} → {after}";
        }
    }

    private static IEnumerable<string> Limits(string owner, QuotaLimits now, QuotaLimits then)
    {
        (string Name, long? Before, long? After)[] limits =
        [
            ("requestsPerMinute", now.RequestsPerMinute, then.RequestsPerMinute),
            ("concurrentGenerations", now.ConcurrentGenerations, then.ConcurrentGenerations),
            ("imagesPerDay", now.ImagesPerDay, then.ImagesPerDay),
            ("imagesPerMonth", now.ImagesPerMonth, then.ImagesPerMonth),
            ("uploadsPerMinute", now.UploadsPerMinute, then.UploadsPerMinute),
            ("readsPerMinute", now.ReadsPerMinute, then.ReadsPerMinute),
            ("concurrentStreams", now.ConcurrentStreams, then.ConcurrentStreams),
            ("jobsQueued", now.JobsQueued, then.JobsQueued),
        ];
        foreach (var (name, before, after) in limits.Where(limit => limit.Before != limit.After))
            yield return $"{owner}: {name} {ToText(before)} → {ToText(after)}";
        if (now.MicrosPerMonth != then.MicrosPerMonth)
            yield return $"{owner}: usdPerMonth {ToDollars(now.MicrosPerMonth)} → {ToDollars(then.MicrosPerMonth)}";
    }

    private static IEnumerable<(string Name, string Before, string After)> Policies(TenantPolicy now, TenantPolicy then) =>
        [
            ("models", ToText(now.Models), ToText(then.Models)),
            ("allowPublic", $"{now.AllowPublic}", $"{then.AllowPublic}"),
            ("maxQuantity", ToText(now.MaxQuantity), ToText(then.MaxQuantity)),
            ("maxPixels", ToText(now.MaxPixels), ToText(then.MaxPixels)),
            ("any references", $"{now.AnyReferences}", $"{then.AnyReferences}"),
        ];

    private static string ToText(long? limit) => limit?.ToString(CultureInfo.InvariantCulture) ?? "no limit";

    private static string ToText(IEnumerable<string>? models) =>
        models is null ? "all" : string.Join(", ", models.Order(StringComparer.Ordinal));

    private static string ToDollars(long? micros) => micros is { } amount ? Usd.Format(amount) : "no limit";
}
