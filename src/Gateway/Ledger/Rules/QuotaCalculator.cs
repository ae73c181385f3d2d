using Gateway.Tenants;

namespace Gateway.Ledger.Rules;

/// <summary>The quotas of a tenant and of the organisation, as they stand in what was loaded.</summary>
internal static class QuotaCalculator
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static IReadOnlyList<QuotaStatus> Of(LedgerUnitOfWork state, Tenant tenant, QuotaLimits organization)
    {
        var now = state.Now;
        var (dayEnd, monthEnd) = (Period.DayEnd(now), Period.MonthEnd(now));
        var month = monthEnd - Period.MonthStart(now);
        var (dayKey, monthKey) = (state.Day, state.Month);
        var counter = state.Counter(tenant.Id);
        var minute = state.MinuteOf(tenant.Id);
        // A limit lowered below what the minute holds: the oldest request leaving does not make room yet.
        var requests = minute.Count(counter.Sequence);
        var oldest = requests > tenant.Quota.RequestsPerMinute ? now : minute.Oldest;

        return
        [
            new(
                QuotaStatus.RequestsMinute,
                QuotaStatus.Requests,
                tenant.Quota.RequestsPerMinute,
                requests,
                0,
                requests > 0 ? (oldest ?? now) + Minute.Length : null,
                Minute.Length,
                now
            ),
            Images(QuotaStatus.ImagesDay, tenant.Quota.ImagesPerDay, state.Window(tenant.Id, dayKey), dayEnd, Day),
            Images(QuotaStatus.ImagesMonth, tenant.Quota.ImagesPerMonth, state.Window(tenant.Id, monthKey), monthEnd, month),
            Micros(QuotaStatus.UsdMonth, tenant.Quota.MicrosPerMonth, state.Window(tenant.Id, monthKey), monthEnd, month),
            new(
                QuotaStatus.ConcurrentGenerations,
                QuotaStatus.Generations,
                tenant.Quota.ConcurrentGenerations,
                counter.Active,
                0,
                null,
                null,
                now
            ),
            Images(
                QuotaStatus.Organization + QuotaStatus.ImagesDay,
                organization.ImagesPerDay,
                state.Window(WindowRow.OrganizationKey, dayKey),
                dayEnd,
                Day
            ),
            Images(
                QuotaStatus.Organization + QuotaStatus.ImagesMonth,
                organization.ImagesPerMonth,
                state.Window(WindowRow.OrganizationKey, monthKey),
                monthEnd,
                month
            ),
            Micros(
                QuotaStatus.Organization + QuotaStatus.UsdMonth,
                organization.MicrosPerMonth,
                state.Window(WindowRow.OrganizationKey, monthKey),
                monthEnd,
                month
            ),
        ];

        QuotaStatus Images(string name, long? limit, WindowRow row, DateTimeOffset ends, TimeSpan length) =>
            new(name, QuotaStatus.Images, limit + row.ImagesGranted, row.ImagesSpent, row.ImagesHeld, ends, length, now)
            {
                Granted = row.ImagesGranted,
            };

        QuotaStatus Micros(string name, long? limit, WindowRow row, DateTimeOffset ends, TimeSpan length) =>
            new(name, QuotaStatus.Micros, limit + row.MicrosGranted, row.MicrosSpent, row.MicrosHeld, ends, length, now)
            {
                Granted = row.MicrosGranted,
            };
    }
}
