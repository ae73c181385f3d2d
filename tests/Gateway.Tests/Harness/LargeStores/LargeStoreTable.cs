namespace Gateway.Tests.Harness.LargeStores;

/// <summary>A table and the columns that are written; all others keep their defaults.</summary>
internal sealed record LargeStoreTable(string Name, params string[] Columns)
{
    public static readonly LargeStoreTable Reservation = new(
        "reservation",
        "id",
        "tenant",
        "state",
        "version",
        "images",
        "micros",
        "charged",
        "day",
        "month",
        "sequence",
        "sent",
        "idem_key",
        "body_hash",
        "model",
        "prompt_hash",
        "seed",
        "width",
        "height",
        "enhanced",
        "instance",
        "reserved_at",
        "forwarded_at",
        "ended_at",
        "fence_at",
        "generation_id",
        "cost_micros",
        "cost_unit",
        "problem",
        "status",
        "detail",
        "reason"
    );

    public static readonly LargeStoreTable Event = new("event", "n", "reservation_id", "from_state", "to_state", "at", "why");

    public static readonly LargeStoreTable Generation = new(
        "generation",
        "id",
        "tenant",
        "reservation_id",
        "created_at",
        "status",
        "result",
        "ended_at",
        "polls",
        "next_poll_at"
    );

    public static readonly LargeStoreTable Image = new("image", "id", "generation_id", "tenant", "n", "url");

    public static readonly LargeStoreTable Window = new(
        "quota_window",
        "tenant",
        "period",
        "images_held",
        "images_spent",
        "micros_held",
        "micros_spent",
        "generations"
    );

    public static readonly LargeStoreTable Counter = new("counter", "tenant", "sequence", "active");

    public static readonly IReadOnlyList<LargeStoreTable> All = [Reservation, Event, Generation, Image, Window, Counter];

    /// <summary>Separated by commas.</summary>
    public string ColumnList { get; } = string.Join(", ", Columns);
}
