namespace Gateway.Ledger.Rules;

/// <summary>
/// The part of the ledger that a batch reads and changes under the lock. It enforces one rule: every balance follows
/// from the reservations.
/// </summary>
/// <param name="ledger">As loaded.</param>
/// <param name="clock">The store's clock at the lock.</param>
internal sealed class LedgerUnitOfWork(LedgerRow ledger, DateTimeOffset clock)
{
    private readonly Dictionary<Guid, Reservation> _reservations = [];
    private readonly Dictionary<(string, string), Guid> _keys = [];
    private readonly Dictionary<(string Tenant, string Period), WindowRow> _windows = [];
    private readonly Dictionary<string, CounterRow> _counters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Minute> _minutes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GenerationRow> _generations = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, Reservation> _loaded = [];
    private readonly HashSet<Guid> _needWindows = [];
    private readonly HashSet<Guid> _answers = [];
    private readonly HashSet<Guid> _new = [];
    private readonly HashSet<Guid> _changed = [];
    private readonly HashSet<(string, string)> _changedWindows = [];
    private readonly HashSet<string> _changedCounters = new(StringComparer.Ordinal);
    private readonly List<LedgerEvent> _events = [];
    private readonly List<GenerationRow> _newGenerations = [];
    private readonly UndoLog _undo = new();
    private (string? Day, string? Month) _now;

    public LedgerRow Ledger { get; private set; } = ledger;

    public DateTimeOffset Clock => clock;

    /// <summary>The time of this batch: never behind that of an earlier one.</summary>
    public DateTimeOffset Now { get; private set; } = clock > ledger.HighWater ? clock : ledger.HighWater;

    /// <summary>What was sent to the account in the last minute.</summary>
    public Minute Sent { get; set; } = new();

    /// <summary>When the first slot of the account is freed by its time limit; null: none is in use.</summary>
    public DateTimeOffset? NextFree { get; set; }

    /// <summary>Who has, and who wants, the account's slots; null: there are enough for everybody.</summary>
    public Competition? Competition { get; set; }

    /// <summary>Open reservations of instances whose lease is over.</summary>
    public List<Guid> Orphans { get; } = [];

    public List<Guid> Unknown { get; } = [];

    /// <summary>Reservations whose answer is owed, by what a repeat has in common with them, oldest first.</summary>
    public Dictionary<RepeatKey, List<Guid>> Owed { get; } = [];

    public Dictionary<Guid, InstanceRow> Instances { get; } = [];

    /// <summary>Unknown ones older than the grace.</summary>
    public List<Guid> Stale { get; } = [];

    /// <summary>Holders of a slot whose time limit is over.</summary>
    public List<Guid> ExpiredSlots { get; } = [];

    /// <summary>The lease and the sign of life to write for this instance; null: unchanged.</summary>
    public DateTimeOffset? LeaseUntil { get; private set; }
    public DateTimeOffset? SeenAt { get; set; }

    public List<GenerationEnd> Ends { get; } = [];
    public JobRows Jobs => field ??= new JobRows(_undo);
    public PriceRatios Prices => field ??= new PriceRatios(_undo);
    public SentRequests Requests => field ??= new SentRequests(this, _undo);

    /// <summary>Contradictions, logged once the batch is durable.</summary>
    public List<string> Alarms { get; } = [];

    public bool IsChanged => _new.Count + _changed.Count + Ends.Count > 0 || LeaseUntil is not null;
    public IEnumerable<Reservation> Inserted => _new.Select(id => _reservations[id]);
    public IEnumerable<Reservation> Updated => _changed.Select(id => _reservations[id]);
    public IEnumerable<WindowRow> ChangedWindows => _changedWindows.Select(key => _windows[key]);
    public IEnumerable<CounterRow> ChangedCounters => _changedCounters.Select(tenant => _counters[tenant]);
    public IReadOnlyList<LedgerEvent> Events => _events;
    public IReadOnlyList<GenerationRow> NewGenerations => _newGenerations;

    /// <summary>The running day and month, formatted once for all rows of the batch.</summary>
    public string Day => _now.Day ??= Period.DayOf(Now);

    public string Month => _now.Month ??= Period.MonthOf(Now);

    /// <summary>The wall clock is not trusted.</summary>
    public void StopClock()
    {
        Now = Ledger.HighWater;
        _now = default;
        IsClockStopped = true;
    }

    public bool IsClockStopped { get; private set; }

    /// <summary>Those of the clock and of the high-water mark: which of them counts is decided after loading.</summary>
    public string[] RunningPeriods { get; } =
    [
        .. ((DateTimeOffset[])[clock > ledger.HighWater ? clock : ledger.HighWater, ledger.HighWater])
            .SelectMany(at => (string[])[Period.DayOf(at), Period.MonthOf(at)])
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Renews this instance's lease, and moves the high-water mark on while nothing else does.</summary>
    public void Renew(DateTimeOffset leaseUntil)
    {
        LeaseUntil = leaseUntil;
        Ledger = Ledger with { HighWater = Now };
    }

    /// <param name="row">As the store has it.</param>
    /// <param name="balances">Whether it may change its state, so that the windows it counts in are needed.</param>
    public void Load(Reservation row, bool balances)
    {
        _answers.Remove(row.Id);
        if (balances)
            _needWindows.Add(row.Id);
        if (!_reservations.TryAdd(row.Id, row))
            return;
        _loaded[row.Id] = row;
        if (row.IdempotencyKey is { } key)
            _keys[(row.Tenant, key)] = row.Id;
    }

    /// <param name="row">Of which only who owes its answer may change.</param>
    public void LoadAnswer(Reservation row)
    {
        if (_reservations.ContainsKey(row.Id))
            return;
        Load(row, balances: false);
        _answers.Add(row.Id);
    }

    public void Load(WindowRow row) => _windows[(row.Tenant, row.Period)] = row;

    public void Load(CounterRow row) => _counters[row.Tenant] = row;

    public void Load(string tenant, Minute minute) => _minutes[tenant] = minute;

    public void Load(GenerationRow row) => _generations[row.Id] = row;

    /// <summary>
    /// The running windows of these tenants and of the organisation have been looked up: where there was none, it is
    /// empty.
    /// </summary>
    public void LoadEmptyWindows(IEnumerable<string> tenants)
    {
        foreach (var tenant in tenants.Append(WindowRow.OrganizationKey))
        {
            foreach (var period in RunningPeriods)
                _windows.TryAdd((tenant, period), new WindowRow(tenant, period));
        }
    }

    /// <summary>
    /// Windows that the loaded reservations count in and that have not been looked up. A store looks them up, and loads
    /// an empty row where there is none.
    /// </summary>
    public HashSet<(string Tenant, string Period)> MissingWindows() =>
        [.. _needWindows.SelectMany(id => _reservations[id].Windows).Where(key => !_windows.ContainsKey(key))];

    /// <summary>Models of reservations that may be settled, whose price ratio has not been looked up.</summary>
    public HashSet<string> MissingModels() =>
        [.. _needWindows.Select(id => _reservations[id].Fingerprint.Model).Where(model => !Prices.IsLoaded(model))];

    /// <summary>Tenants of queued jobs whose last minute has not been looked up.</summary>
    public HashSet<string> MissingMinutes() =>
        [.. Jobs.Heads.Select(id => _reservations[id].Tenant).Where(tenant => !_minutes.ContainsKey(tenant))];

    /// <summary>Jobs that may be tried again, with what was asked for.</summary>
    public IReadOnlyList<Guid> MissingRequests() =>
        [
            .. _needWindows.Where(id =>
                _reservations[id] is { JobId: not null, State: ReservationState.Forwarding or ReservationState.Unknown }
            ),
        ];

    public HashSet<string> MissingCounters() =>
        [.. _reservations.Values.Where(row => !_counters.ContainsKey(row.Tenant) && !_answers.Contains(row.Id)).Select(row => row.Tenant)];

    /// <summary>As it was loaded: the store must still have this version for an update to be made.</summary>
    public Reservation Loaded(Guid id) => _loaded[id];

    public Reservation? Find(Guid id) => _reservations.GetValueOrDefault(id);

    /// <summary>The loaded reservation of a job that is not void: it has one at most.</summary>
    public Reservation? FindLive(Guid job) =>
        _reservations.Values.FirstOrDefault(row => row.JobId == job && row.State != ReservationState.Void);

    public Reservation? FindKey(string tenant, string key) => _keys.TryGetValue((tenant, key), out var id) ? _reservations[id] : null;

    public GenerationRow? FindGeneration(string id) => _generations.GetValueOrDefault(id);

    public WindowRow Window(string tenant, string period) => _windows[(tenant, period)];

    public CounterRow? Counter(string tenant) => _counters.GetValueOrDefault(tenant);

    public Minute? MinuteOf(string tenant) => _minutes.GetValueOrDefault(tenant);

    /// <summary>Runs one decision. If it throws, everything it changed here is taken back.</summary>
    /// <remarks>
    /// An undo log instead of a second run of the batch: with one run for each failure, a flood of requests that fail
    /// would multiply the time that all others wait.
    /// </remarks>
    /// <returns>What it threw; null: its changes stand.</returns>
    public Exception? Attempt(Action decision)
    {
        var (ledger, sent, before) = (Ledger, Sent, _undo.Count);
        try
        {
            decision();
            return null;
        }
        catch (Exception fault)
        {
            _undo.RollBackTo(before);
            (Ledger, Sent) = (ledger, sent);
            return fault;
        }
    }

    /// <summary>
    /// Takes a reservation from one state to the next, with every balance, counter and event. All changes of the ledger
    /// go through here.
    /// </summary>
    /// <param name="before">Null: it is new.</param>
    /// <exception cref="OverflowException">A balance would leave its bounds; nothing is changed.</exception>
    public void Move(Reservation? before, Reservation after, string why)
    {
        if (before is not null && before.State != after.State && !before.State.MayBecome(after.State))
            throw new InvalidOperationException($"There is no transition from {before.State} to {after.State}");
        // 1. Everything that can refuse.
        List<WindowRow> windows = after.CountsLike(before) ? [] : [.. after.Windows.Select(key => _windows[key].Move(before, after))];
        // 2. The balances.
        foreach (var window in windows)
        {
            _undo.Set(_windows, (window.Tenant, window.Period), window);
            _undo.Add(_changedWindows, (window.Tenant, window.Period));
        }
        MoveCounters(before, after);
        // 3. The reservation.
        after = after.Following(before);
        _undo.Set(_reservations, after.Id, after);
        if (before is null)
            _undo.Add(_new, after.Id);
        else if (!_new.Contains(after.Id))
            _undo.Add(_changed, after.Id);
        if (before?.IdempotencyKey is { } old && after.IdempotencyKey is null)
            _undo.Remove(_keys, (after.Tenant, old));
        if (after.IdempotencyKey is { } key)
            _undo.Set(_keys, (after.Tenant, key), after.Id);
        // 4. The event.
        Ledger = Ledger with
        {
            HighWater = Now,
        };
        if (before?.State == after.State)
            return;
        Ledger = Ledger with { Events = Ledger.Events + 1 };
        _undo.Add(_events, new LedgerEvent(Ledger.Events, after.Id, before?.State, after.State, Now, why));
    }

    /// <exception cref="ArgumentException">The generation has an owner.</exception>
    public void Add(GenerationRow generation)
    {
        if (_generations.ContainsKey(generation.Id))
            throw new ArgumentException($"Generation {generation.Id} has an owner", nameof(generation));
        _undo.Set(_generations, generation.Id, generation);
        _undo.Add(_newGenerations, generation);
    }

    private void MoveCounters(Reservation? before, Reservation after)
    {
        if (before is not null && (before.State, before.RunningUntil) == (after.State, after.RunningUntil))
            return;
        Set(_counters[after.Tenant].Move(before, after, Now));
        Ledger = Ledger.Move(before, after, Now);
        Competition?.Move(before, after, _undo);
        if (before?.Sent is null && after.Sent is { } sent)
            Sent = Sent.With(sent, Now);

        if (_minutes.TryGetValue(after.Tenant, out var minute))
            _undo.Set(_minutes, after.Tenant, minute.Move(before, after, Now));
    }

    /// <summary>The next turn of the account is this tenant's; its own next one begins later.</summary>
    public void TakeTurn(string tenant, long start, long end)
    {
        Set(_counters[tenant] with { Turn = end });
        Ledger = Ledger with { Turn = start };
    }

    private void Set(CounterRow counter)
    {
        if (counter == _counters[counter.Tenant])
            return;
        _undo.Set(_counters, counter.Tenant, counter);
        _undo.Add(_changedCounters, counter.Tenant);
    }
}
