namespace Leonardo.Simulator;

internal sealed record Upload(Guid Id, string Extension, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, string> Fields)
{
    public byte[]? Bytes { get; init; }
}

/// <summary>
/// The account: its generations, their cost, the remaining credit. One lock guards everything, and every state is
/// computed from the clock when it is read, so that a fake clock controls it.
/// </summary>
internal sealed class Account
{
    private readonly SimulatorOptions initialOptions;
    private readonly Lock sync = new();
    private readonly GenerationIds ids = new();
    private readonly Dictionary<Guid, Generation> generations = [];
    private readonly Dictionary<Guid, Generation> byImage = [];
    private readonly List<Generation> charged = [];
    private readonly Dictionary<Guid, Upload> uploads = [];

    /// <summary>When each unfinished generation will end, sorted.</summary>
    private readonly List<DateTimeOffset> ends = [];
    private readonly Window creations = new();
    private readonly Window requests = new();
    private HashSet<string> keys;
    private decimal balance;
    private long posts;
    private int peakRunning;
    private int peakUnfinished;

    public Account(SimulatorOptions initialOptions)
    {
        this.initialOptions = Options = initialOptions;
        keys = [initialOptions.Key];
        balance = initialOptions.Balance;
    }

    /// <summary><see cref="Change"/> replaces it as a whole.</summary>
    public SimulatorOptions Options { get; private set; }

    /// <summary>The origin of image and upload addresses; known once the server listens.</summary>
    public Uri Origin { get; set; } = new("http://127.0.0.1");

    public DateTimeOffset Now => Options.Time.GetUtcNow();

    public bool Accepts(string key)
    {
        lock (sync)
        {
            return keys.Contains(key);
        }
    }

    public bool AllowsRequest()
    {
        lock (sync)
        {
            return requests.TryTake(Now, Options.RequestsPerMinute);
        }
    }

    /// <summary>Counts every POST, including those that are refused later.</summary>
    public bool AllowsCreation()
    {
        lock (sync)
        {
            posts++;
            return creations.TryTake(Now, Options.CreationsPerMinute);
        }
    }

    public (Generation? Created, Reply? Refusal) Create(CreationRequest request, Ending ending)
    {
        lock (sync)
        {
            var now = Now;
            var missing = request.References.FirstOrDefault(reference => !IsUsable(reference, now));
            if (missing is not null)
            {
                return (null, Replies.Invalid(missing.Uploaded ? "invalid init image id" : "couldn't access image"));
            }

            ends.RemoveRange(0, CountUntil(now));
            if (ends.Count >= Options.Slots + Options.Pending)
            {
                return (null, Replies.QueueFull);
            }

            var credits = SimulatedModel
                .Find(request.Model)!
                .Credits(request.Width, request.Height, request.Quantity, request.References.Count > 0);
            if (SimulatedModel.Dollars(credits) > balance)
            {
                return (null, Replies.OutOfCredit);
            }

            var end = GetEndOfNext(now);
            var generation = new Generation(ids.Next(now), request, ending, now, end, credits);
            balance -= generation.Dollars;
            generations.Add(generation.Id, generation);
            charged.Add(generation);
            foreach (var image in generation.ImageIds)
            {
                byImage.Add(image, generation);
            }

            if (ending != Ending.Never)
            {
                ends.Insert(CountUntil(end), end);
            }

            peakUnfinished = Math.Max(peakUnfinished, ends.Count);
            peakRunning = Math.Max(peakRunning, Math.Min(ends.Count, Options.Slots));
            return (generation, null);
        }
    }

    public Generation? Find(Guid id, bool countAsPoll = false)
    {
        lock (sync)
        {
            var found = generations.GetValueOrDefault(id);
            if (found is not null && countAsPoll)
            {
                found.Polls++;
            }

            return found;
        }
    }

    public bool Delete(Guid id)
    {
        lock (sync)
        {
            return generations.Remove(id);
        }
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Generation> List(int offset, int limit)
    {
        lock (sync)
        {
            return [.. Enumerable.Reverse(charged).Where(generation => generations.ContainsKey(generation.Id)).Skip(offset).Take(limit)];
        }
    }

    /// <summary>The generation that was charged immediately before this one, if any.</summary>
    public Generation? FindPrevious(Generation later)
    {
        lock (sync)
        {
            var at = charged.LastIndexOf(later);
            return at > 0 ? charged[at - 1] : null;
        }
    }

    public void Put(Upload upload)
    {
        lock (sync)
        {
            uploads[upload.Id] = upload;
        }
    }

    public Upload? FindUpload(Guid id)
    {
        lock (sync)
        {
            return uploads.GetValueOrDefault(id);
        }
    }

    public bool DeleteUpload(Guid id)
    {
        lock (sync)
        {
            return uploads.Remove(id);
        }
    }

    public decimal Balance
    {
        get
        {
            lock (sync)
            {
                return balance;
            }
        }
    }

    public IReadOnlyList<InvoiceLine> Invoice()
    {
        lock (sync)
        {
            var now = Now;
            return
            [
                .. charged.Select(generation => new InvoiceLine(
                    generation.Id.ToString(),
                    generation.Dollars,
                    generation.Request.Prompt,
                    generation.Request.Seed,
                    generation.Request.Width,
                    generation.Request.Height,
                    generation.Request.Quantity,
                    generation.Request.References.Count,
                    generation.StatusAt(now),
                    generation.CreatedAt
                )),
            ];
        }
    }

    public SimulatorStats Stats(long received, long trapHits)
    {
        lock (sync)
        {
            var polls = charged
                .Where(generation => generation.Polls > 0)
                .ToDictionary(generation => generation.Id.ToString(), generation => generation.Polls, StringComparer.Ordinal);
            return new SimulatorStats(received, posts, charged.Count, peakRunning, peakUnfinished, trapHits, balance, polls);
        }
    }

    public void Change(SimulatorChange change)
    {
        lock (sync)
        {
            var newKeys = change.Keys ?? (change.Key is null ? null : [change.Key]);
            Options = Options with
            {
                JobSeconds = change.Seconds ?? Options.JobSeconds,
                Slots = change.Slots ?? Options.Slots,
                Pending = change.Pending ?? Options.Pending,
                CreationsPerMinute = change.CreationsPerMinute ?? Options.CreationsPerMinute,
                RequestsPerMinute = change.RequestsPerMinute ?? Options.RequestsPerMinute,
                AnswerUnit = change.AnswerUnit ?? Options.AnswerUnit,
                Key = newKeys is [var first, ..] ? first : Options.Key,
            };
            balance = change.Balance ?? balance;
            keys = newKeys is null ? keys : [.. newKeys];
        }
    }

    /// <summary>Restores the initial options and deletes everything.</summary>
    public void Reset()
    {
        lock (sync)
        {
            Options = initialOptions;
            keys = [initialOptions.Key];
            balance = initialOptions.Balance;
            generations.Clear();
            byImage.Clear();
            charged.Clear();
            uploads.Clear();
            ends.Clear();
            creations.Clear();
            requests.Clear();
            posts = 0;
            peakRunning = peakUnfinished = 0;
        }
    }

    private bool IsUsable(Reference reference, DateTimeOffset now) =>
        reference.Uploaded
            ? uploads.TryGetValue(reference.Id, out var upload) && upload.Bytes is not null
            : byImage.TryGetValue(reference.Id, out var source) && generations.ContainsKey(source.Id) && source.HasImagesAt(now);

    /// <summary>
    /// First come, first served: a new generation starts when a slot is free, which is at the <c>Slots</c>-th last of
    /// the known ends.
    /// </summary>
    private DateTimeOffset GetEndOfNext(DateTimeOffset now)
    {
        var begins = ends.Count < Options.Slots ? now : ends[ends.Count - Options.Slots];
        return begins + TimeSpan.FromSeconds(Options.JobSeconds);
    }

    private int CountUntil(DateTimeOffset moment)
    {
        var at = ends.BinarySearch(moment);
        if (at < 0)
        {
            return ~at;
        }

        while (at < ends.Count && ends[at] == moment)
        {
            at++;
        }

        return at;
    }
}
