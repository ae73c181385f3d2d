namespace Gateway.Ledger.Rules;

/// <summary>The price ratios of the models of a batch: read by its admissions, raised by its settlements.</summary>
/// <remarks>While costs agree with prices there are no rows, and nothing but the models' names is kept.</remarks>
internal sealed class PriceRatios(UndoLog undo)
{
    private readonly List<string> _models = [];
    private Dictionary<(string Model, string Hour), PriceRatioRow>? _rows;
    private HashSet<(string Model, string Hour)>? _changed;
    private List<PriceDeviation>? _deviations;

    public IEnumerable<PriceRatioRow> Changed => _changed is null ? [] : _changed.Select(key => _rows![key]);

    /// <summary>Stated costs that differ, which are logged and counted once the batch is durable.</summary>
    public IReadOnlyList<PriceDeviation> Deviations => _deviations ?? (IReadOnlyList<PriceDeviation>)[];

    /// <summary>These models are looked up: where there is no row, the computed price is in force.</summary>
    public void LoadNone(IReadOnlyCollection<string> models) => _models.AddRange(models);

    public void Load(PriceRatioRow row) => (_rows ??= [])[(row.Model, row.Hour)] = row;

    public bool IsLoaded(string model) => _models.Contains(model);

    /// <summary>The ratio by which a new reservation of this model is multiplied.</summary>
    public PriceRatio InForce(string model, DateTimeOffset now)
    {
        ThrowIfNotLoaded(model);
        return _rows is null
            ? PriceRatio.One
            : PriceRatioRow.Highest(_rows.Values.Where(row => row.Model == model), now)?.Ratio ?? PriceRatio.One;
    }

    /// <summary>Records a difference; more than the computed price raises the ratio from now on.</summary>
    /// <param name="stated">Micro-dollars; null: not stated in dollars, or not an amount.</param>
    public void Observe(Reservation row, long? stated, DateTimeOffset now)
    {
        var (model, computed) = (row.Fingerprint.Model, row.Price);
        if (stated == computed)
            return;
        var deviation = new PriceDeviation(row.Id, model, computed, stated);
        undo.Add(_deviations ??= [], deviation);
        if (stated > computed && deviation.IsPlausible)
            Raise(model, new PriceRatio(stated.Value, computed), now);
    }

    private void Raise(string model, PriceRatio ratio, DateTimeOffset now)
    {
        ThrowIfNotLoaded(model);
        var key = (model, Hour: Period.HourOf(now));
        _rows ??= [];
        if (_rows.TryGetValue(key, out var row) && row.Ratio.IsAbove(ratio))
            ratio = row.Ratio;
        undo.Set(_rows, key, new PriceRatioRow(model, key.Hour, now, ratio));
        undo.Add(_changed ??= [], key);
    }

    private void ThrowIfNotLoaded(string model)
    {
        if (!IsLoaded(model))
            throw new InvalidOperationException($"The price ratio of {model} was not loaded");
    }
}
