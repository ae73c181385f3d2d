namespace Gateway.Telemetry;

/// <summary>A threshold that was reached; as JSON what the webhook receives.</summary>
/// <param name="Tenant">A tenant id, or <see cref="GatewayMetrics.Organization"/>.</param>
/// <param name="PeriodEnds">When the quota resets, in UTC.</param>
internal sealed record QuotaAlert(string Tenant, string Quota, string PeriodEnds, int Percent)
{
    /// <summary>For people, without markup.</summary>
    public string Sentence =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"Leonardo gateway: {(Tenant == GatewayMetrics.Organization ? "the organisation" : Tenant)} has used {Percent} % of {Quota}, which resets at {PeriodEnds}."
        );
}
