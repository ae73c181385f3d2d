using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Tenants;

namespace Gateway.Admin;

/// <summary>
/// <c>GET /admin/usage</c>: what was charged, from the ledger's balances, so that sums are exact.
/// Read in batches, so that a slow client never holds a connection to the store.
/// </summary>
internal sealed class AdminUsageEndpoint(UsageReader usage, TimeProvider time)
{
    private const int MaxDays = 3660;
    private const string Tenant = "tenant";
    private const string ByDay = "day";
    private const string User = "user";

    private static readonly string[] Keys = [Tenant, ByDay, User];

    /// <summary>Every value of <c>by</c>: one or more keys, in any order.</summary>
    public static IEnumerable<string> Combinations { get; } =
        Keys.Concat(from a in Keys from b in Keys where a != b select $"{a},{b}")
            .Concat(from a in Keys from b in Keys from c in Keys where a != b && b != c && a != c select $"{a},{b},{c}");

    /// <param name="from">First UTC day, <c>2026-11-01</c>; by default the first of the current month.</param>
    /// <param name="to">Last UTC day; by default today.</param>
    /// <param name="by">One or more of <c>tenant</c>, <c>day</c> and <c>user</c>; by default <c>tenant,day</c>.</param>
    /// <param name="tenant">Only of this tenant; then <c>by</c> is <c>tenant,day</c>.</param>
    public async Task<IResult> GetAsync(
        HttpContext context,
        CancellationToken cancellationToken,
        string? from = null,
        string? to = null,
        string? by = null,
        string? tenant = null
    )
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var violations = new List<Violation>();
        var first = Day(from, new DateOnly(today.Year, today.Month, 1), "from", violations);
        var last = Day(to, today, "to", violations);
        if (violations.Count == 0 && (first > last || last.DayNumber - first.DayNumber > MaxDays))
            violations.Add(new Violation("#/to", "out-of-range", $"must not be before from, nor more than {MaxDays} days after it"));
        string[] keys = by?.Split(',') ?? [Tenant, ByDay];
        if (keys.Except(Keys, StringComparer.Ordinal).Any() || keys.Distinct(StringComparer.Ordinal).Count() < keys.Length)
            violations.Add(new Violation("#/by", "unknown-value", "must be one or more of tenant,day,user, each once"));
        // PostgreSQL refuses some texts that are not a tenant id.
        if (tenant is not null && !TenantsFile.IsTenantId(tenant))
            violations.Add(new Violation("#/tenant", "malformed", "must be the id of a tenant"));
        if (tenant is not null && (!keys.Contains(Tenant) || !keys.Contains(ByDay) || keys.Length != 2))
            violations.Add(new Violation("#/by", "unknown-value", "must be tenant,day together with tenant"));
        if (violations.Count > 0)
            return new Problem(ProblemTypes.Validation, "The query is not valid: see errors.") { Errors = violations };
        var query = new UsageQuery(first, last, keys.Contains(Tenant), keys.Contains(ByDay), keys.Contains(User), tenant);
        // Before the answer starts: an unavailable store must give a 503, not a truncated 200.
        var batch = await usage.ReadAsync(query, after: null, cancellationToken);
        context.Response.Headers.Vary = "Accept";
        if (AcceptsCsv(context.Request))
            await WriteCsvAsync(context.Response, query, batch, cancellationToken);
        else
            await WriteJsonAsync(context.Response, query, batch, cancellationToken);
        return TypedResults.Empty;
    }

    private static DateOnly Day(string? text, DateOnly defaultValue, string name, List<Violation> violations)
    {
        if (text is null)
            return defaultValue;
        if (DateOnly.TryParseExact(text, UsageQuery.Date, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return day;
        violations.Add(new Violation("#/" + name, "malformed", "must be a day such as 2026-11-22"));
        return defaultValue;
    }

    private static bool AcceptsCsv(HttpRequest request) =>
        AcceptHeader.From(request.Headers.Accept).Favourite?.Equals("text/csv", StringComparison.OrdinalIgnoreCase) is true;

    private async Task WriteCsvAsync(HttpResponse response, UsageQuery query, UsageBatch batch, CancellationToken cancellationToken)
    {
        response.ContentType = "text/csv; charset=utf-8; header=present";
        response.Headers.ContentDisposition = $"attachment; filename=\"usage-{query.FirstDay}-{query.LastDay}.csv\"";
        var keys = new[] { (query.ByTenant, Tenant), (query.ByDay, ByDay), (query.ByUser, User) }.Where(key => key.Item1);
        var text = new StringBuilder().AppendJoin(',', [.. keys.Select(key => key.Item2), "generations", "images", "usd"]).Append("\r\n");
        await foreach (var row in RowsAsync(query, batch, cancellationToken))
        {
            if (query.ByTenant)
                text.Append(row.Tenant).Append(',');
            if (query.ByDay)
                text.Append(row.Day).Append(',');
            if (query.ByUser)
                text.Append(InCell(row.User)).Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{row.Generations},{row.Images},{Usd.Format(row.Micros)}\r\n");
            if (text.Length < 16 * 1024)
                continue;
            await response.WriteAsync(text.ToString(), cancellationToken);
            text.Clear();
        }
        await response.WriteAsync(text.ToString(), cancellationToken);
    }

    private async Task WriteJsonAsync(HttpResponse response, UsageQuery query, UsageBatch batch, CancellationToken cancellationToken)
    {
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("from"u8, query.FirstDay);
        json.WriteString("to"u8, query.LastDay);
        json.WriteStartArray("rows"u8);
        var sum = new UsageRow("", "", "", 0, 0, 0);
        await foreach (var row in RowsAsync(query, batch, cancellationToken))
        {
            json.WriteStartObject();
            if (query.ByTenant)
                json.WriteString("tenant"u8, row.Tenant);
            if (query.ByDay)
                json.WriteString("day"u8, row.Day);
            if (query.ByUser)
                json.WriteString("user"u8, row.User.Length == 0 ? null : row.User);
            Write(json, row);
            json.WriteEndObject();
            sum = checked(
                sum with
                {
                    Generations = sum.Generations + row.Generations,
                    Images = sum.Images + row.Images,
                    Micros = sum.Micros + row.Micros,
                }
            );
            if (json.BytesPending < 16 * 1024)
                continue;
            await json.FlushAsync(cancellationToken);
            await response.BodyWriter.FlushAsync(cancellationToken);
        }
        json.WriteEndArray();
        json.WriteStartObject("totals"u8);
        Write(json, sum);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A spreadsheet would run a cell that begins so as a formula.</summary>
    private static string InCell(string user) => user is ['-' or '@', ..] ? "'" + user : user;

    private static void Write(Utf8JsonWriter json, UsageRow row)
    {
        json.WriteNumber("generations"u8, row.Generations);
        json.WriteNumber("images"u8, row.Images);
        json.WriteNumber("usd"u8, Usd.ToDollars(row.Micros));
    }

    private async IAsyncEnumerable<UsageRow> RowsAsync(
        UsageQuery query,
        UsageBatch batch,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        while (true)
        {
            foreach (var row in batch.Rows)
                yield return row;
            if (batch.Next is not { } next)
                yield break;
            batch = await usage.ReadAsync(query, next, cancellationToken);
        }
    }
}

/// <summary>The JSON answer, for the OpenAPI document; <see cref="AdminUsageEndpoint"/> streams it.</summary>
/// <param name="Rows">Ordered by day and tenant; days without a charge are left out.</param>
internal sealed record AdminUsage(string From, string To, IReadOnlyList<AdminUsageRow> Rows, AdminSum Totals);

/// <param name="Tenant">Absent with <c>by=day</c>.</param>
/// <param name="Day">UTC; absent with <c>by=tenant</c>.</param>
/// <param name="User">Only with <c>by=user</c>; null: what requests that name nobody were charged.</param>
/// <param name="Usd">Dollars, with at most six decimals.</param>
internal sealed record AdminUsageRow(
    long Generations,
    long Images,
    decimal Usd,
    string Tenant = null!,
    string Day = null!,
    string? User = null
);
