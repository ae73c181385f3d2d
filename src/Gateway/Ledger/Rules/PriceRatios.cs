namespace Gateway.Ledger.Rules;

/// <summary>The price ratios of the models of a batch: read by its admissions, raised by its settlements.</summary>
internal sealed class PriceRatios(UndoLog undo)
{
    private readonly Dictionary<(string Model, string Hour), PriceRatioRow> _rows = [];
    private readonly HashSet<(string Model, string Hour)> _changed = [];
    private readonly HashSet<string> _models = new(StringComparer.Ordinal);
    private readonly List<PriceDeviation> _deviations = [];

    public IEnumerable<PriceRatioRow> Changed => _changed.Select(key => _rows[key]);

    /// <summary>Stated costs that differ, which are logged and counted once the batch is durable.</summary>
    public IReadOnlyList<PriceDeviation> Deviations => _deviations;

    /// <summary>These models are looked up: where there is no row, the computed price is in force.</summary>
    public void LoadNone(IEnumerable<string> models) => _models.UnionWith(models);

    public void Load(PriceRatioRow row) => _rows[(row.Model, row.Hour)] = row;

    public bool IsLoaded(string model) => _models.Contains(model);

    /// <summary>The ratio by which a new reservation of this model is multiplied.</summary>
    public PriceRatio InForce(string model, DateTimeOffset now) =>
        IsLoaded(model)
            ? PriceRatioRow.Highest(_rows.Values.Where(row => row.Model == model), now)?.Ratio ?? PriceRatio.One
            : throw new InvalidOperationException($"The price ratio of {model} was not loaded");

    /// <summary>Records a difference; more than the computed price raises the ratio from now on.</summary>
    public void Observe(PriceDeviation stated, DateTimeOffset now)
    {
        if (stated.Stated == stated.Computed)
            return;
        undo.Add(_deviations, stated);
        if (!stated.IsPlausible || stated.Stated <= stated.Computed)
            return;
        if (!IsLoaded(stated.Model))
            throw new InvalidOperationException($"The price ratio of {stated.Model} was not loaded");
        var ratio = new PriceRatio(stated.Stated!.Value, stated.Computed);
        var key = (stated.Model, Hour: Period.HourOf(now));
        if (_rows.TryGetValue(key, out var row) && row.Ratio.IsAbove(ratio))
            ratio = row.Ratio;
        undo.Set(_rows, key, new PriceRatioRow(stated.Model, key.Hour, now, ratio));
        undo.Add(_changed, key);
    }
}
