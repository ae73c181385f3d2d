using Gateway.Ledger.Rules;

namespace Gateway.Ledger;

/// <summary>What the ledger and its writer log.</summary>
internal static partial class LedgerLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The ledger is open: {Events} events, {Running} generations running")]
    public static partial void Opened(ILogger log, long events, long running);

    [LoggerMessage(Level = LogLevel.Error, Message = "Ledger alarm: {Alarm}")]
    public static partial void Alarm(ILogger log, Exception? fault, string alarm);

    public static void PricesDeviate(ILogger log, IReadOnlyCollection<PriceDeviation> deviations)
    {
        foreach (var deviation in deviations)
            PriceDeviates(log, deviation);
    }

    private static void PriceDeviates(ILogger log, PriceDeviation deviation)
    {
        if (deviation.IsPlausible)
            ChargedAsStated(log, deviation.ReservationId, deviation.Model, deviation.Computed, deviation.Stated);
        else
            ChargedAsComputed(log, deviation.ReservationId, deviation.Model, deviation.Computed, deviation.Stated);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Leonardo stated another cost than the computed price for reservation {ReservationId} of {PricedModel}: "
            + "{StatedMicros} micro-dollars instead of {ComputedMicros}. It is charged as stated. A higher cost raises what new reservations "
            + "of the model hold for 24 hours; compare the account's prices with the model's"
    )]
    private static partial void ChargedAsStated(
        ILogger log,
        Guid reservationId,
        string pricedModel,
        long computedMicros,
        long? statedMicros
    );

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Leonardo stated no plausible cost for reservation {ReservationId} of {PricedModel} (micro-dollars: {StatedMicros}). "
            + "The computed price is charged, {ComputedMicros} micro-dollars; compare it with Leonardo's invoice"
    )]
    private static partial void ChargedAsComputed(
        ILogger log,
        Guid reservationId,
        string pricedModel,
        long computedMicros,
        long? statedMicros
    );

    /// <param name="failures">How many in a row.</param>
    public static void Unavailable(ILogger log, Exception fault, int failures)
    {
        if (failures == 1)
            Unavailable(log, fault);
        else
            StillUnavailable(log, fault);
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The store is unavailable: no request is admitted until it is back. Outcomes are kept in memory and retried"
    )]
    private static partial void Unavailable(ILogger log, Exception fault);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The store is still unavailable")]
    private static partial void StillUnavailable(ILogger log, Exception fault);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "A ledger operation failed by a fault of the gateway; the other operations of its batch are not affected"
    )]
    public static partial void Rejected(ILogger log, Exception fault);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The ledger could not be closed in order: what is open is cleaned up when this instance's lease is over"
    )]
    public static partial void NotClosed(ILogger log, Exception fault);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The store is unavailable: the gateway starts, and admits no request until the store is there"
    )]
    public static partial void StartedWithoutStore(ILogger log, Exception fault);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The quotas of {Tenant} could not be read for the headers of an answer")]
    public static partial void NoStatus(ILogger log, Exception fault, string tenant);
}
