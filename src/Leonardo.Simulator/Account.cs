namespace Leonardo.Simulator;

internal sealed record Upload(Guid Id, string Extension, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, string> Fields)
{
    public byte[]? Bytes { get; init; }
}

/// <summary>
/// The account behind the keys: what was made, what it cost, what is left. Everything is under one lock, and every state is
/// derived from the clock when it is asked for, so that a fake clock turns it.
/// </summary>
internal sealed class Account
{
    private readonly SimulatorOptions start;
    private readonly Lock gate = new();
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

    public Account(SimulatorOptions start)
    {
        this.start = Options = start;
        keys = [start.Key];
        balance = start.Balance;
    }

    /// <summary>Replaced as a whole by <see cref="Change"/>.</summary>
    public SimulatorOptions Options { get; private set; }

    /// <summary>Where images and upload forms are found; known once the server listens.</summary>
    public Uri Origin { get; set; } = new("http://127.0.0.1");

    public DateTimeOffset Now => Options.Time.GetUtcNow();

    public bool Admits(string key)
    {
        lock (gate)
        {
            return keys.Contains(key);
        }
    }

    public bool AllowsRequest()
    {
        lock (gate)
        {
            return requests.Allows(Now, Options.RequestsPerMinute);
        }
    }

    /// <summary>Counts every POST, those refused later too.</summary>
    public bool AllowsCreation()
    {
        lock (gate)
        {
            posts++;
            return creations.Allows(Now, Options.CreationsPerMinute);
        }
    }

    public (Generation? Created, Reply? Refusal) Create(CreationRequest request, Ending ending)
    {
        lock (gate)
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

            var end = EndOfNext(now);
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
        lock (gate)
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
        lock (gate)
        {
            return generations.Remove(id);
        }
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Generation> List(int offset, int limit)
    {
        lock (gate)
        {
            return [.. Enumerable.Reverse(charged).Where(made => generations.ContainsKey(made.Id)).Skip(offset).Take(limit)];
        }
    }

    /// <summary>The one charged just before this one, if any.</summary>
    public Generation? Before(Generation later)
    {
        lock (gate)
        {
            var at = charged.LastIndexOf(later);
            return at > 0 ? charged[at - 1] : null;
        }
    }

    public void Put(Upload upload)
    {
        lock (gate)
        {
            uploads[upload.Id] = upload;
        }
    }

    public Upload? FindUpload(Guid id)
    {
        lock (gate)
        {
            return uploads.GetValueOrDefault(id);
        }
    }

    public bool DeleteUpload(Guid id)
    {
        lock (gate)
        {
            return uploads.Remove(id);
        }
    }

    public decimal Balance
    {
        get
        {
            lock (gate)
            {
                return balance;
            }
        }
    }

    public IReadOnlyList<InvoiceLine> Invoice()
    {
        lock (gate)
        {
            var now = Now;
            return
            [
                .. charged.Select(made => new InvoiceLine(
                    made.Id.ToString(),
                    made.Dollars,
                    made.Request.Prompt,
                    made.Request.Seed,
                    made.Request.Width,
                    made.Request.Height,
                    made.Request.Quantity,
                    made.Request.References.Count,
                    made.StatusAt(now),
                    made.CreatedAt
                )),
            ];
        }
    }

    public SimulatorStats Stats(long received, long trapHits)
    {
        lock (gate)
        {
            var polls = charged
                .Where(made => made.Polls > 0)
                .ToDictionary(made => made.Id.ToString(), made => made.Polls, StringComparer.Ordinal);
            return new SimulatorStats(received, posts, charged.Count, peakRunning, peakUnfinished, trapHits, balance, polls);
        }
    }

    public void Change(SimulatorChange change)
    {
        lock (gate)
        {
            var valid = change.Keys ?? (change.Key is null ? null : [change.Key]);
            Options = Options with
            {
                JobSeconds = change.Seconds ?? Options.JobSeconds,
                Slots = change.Slots ?? Options.Slots,
                Pending = change.Pending ?? Options.Pending,
                CreationsPerMinute = change.CreationsPerMinute ?? Options.CreationsPerMinute,
                RequestsPerMinute = change.RequestsPerMinute ?? Options.RequestsPerMinute,
                AnswerUnit = change.AnswerUnit ?? Options.AnswerUnit,
                Key = valid is [var first, ..] ? first : Options.Key,
            };
            balance = change.Balance ?? balance;
            keys = valid is null ? keys : [.. valid];
        }
    }

    /// <summary>Back to the options it was started with, as if nothing had happened.</summary>
    public void Reset()
    {
        lock (gate)
        {
            Options = start;
            keys = [start.Key];
            balance = start.Balance;
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

    /// <summary>First come, first served: a new one starts when fewer than <c>Slots</c> of its elders are left, at the Slots-th last of their ends.</summary>
    private DateTimeOffset EndOfNext(DateTimeOffset now)
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
