using Gateway.Tenants;

namespace Gateway.Tests.Ledger;

/// <summary>A kind of step and its arguments, drawn at random.</summary>
internal sealed record HistoryStep(int Kind, int Which, int Amount)
{
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromMicroseconds(1),
        TimeSpan.FromSeconds(7),
        TimeSpan.FromSeconds(31),
        TimeSpan.FromSeconds(60),
        TimeSpan.FromMinutes(2),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromHours(7),
        TimeSpan.FromHours(24),
        TimeSpan.FromDays(17),
    ];

    public TimeSpan Pause => Pauses[Amount % Pauses.Length];

    public TimeSpan Jump => TimeSpan.FromMinutes(Amount % 6000 - 3000);

    public int Images => 1 + Amount % 8;

    public long Price => Images * (5_000L + Amount % 5_000);

    public string? Key => Amount / 8 % 3 == 0 ? $"k-{Amount / 24 % 2}" : null;

    /// <summary>Two bodies with a key, three without.</summary>
    public int Body =>
        Key is null ? 2 + Amount / 48 % 3
        : Amount / 48 % 4 == 0 ? 1
        : 0;

    public (QuotaLimits Organization, QuotaLimits Tenant) Limits()
    {
        var random = new Random(Amount);
        return (
            new QuotaLimits(ImagesPerDay: Some(80), ImagesPerMonth: Some(200), MicrosPerMonth: Some(1_500_000)),
            new QuotaLimits(Some(8), Some(6), Some(40), Some(100), Some(800_000))
        );

        long? Some(int most) => random.Next(3) == 0 ? null : random.Next(most);
    }

    public override string ToString() => $"({Kind},{Which},{Amount})";
}
