namespace Leonardo.Simulator;

/// <param name="Posts">POSTs of generations that passed the key check.</param>
/// <param name="Creations">Generations created and charged.</param>
/// <param name="PeakRunning">The most generations that ran at once; never above the slots.</param>
/// <param name="PeakUnfinished">The most generations that ran or waited at once.</param>
/// <param name="TrapHits">Requests that wrongly followed a redirect.</param>
/// <param name="Polls">Number of reads by generation id.</param>
public sealed record SimulatorStats(
    long Requests,
    long Posts,
    long Creations,
    int PeakRunning,
    int PeakUnfinished,
    long TrapHits,
    decimal Balance,
    IReadOnlyDictionary<string, int> Polls
);
