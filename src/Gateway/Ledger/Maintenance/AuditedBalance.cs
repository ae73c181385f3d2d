using System.Data.Common;
using System.Runtime.InteropServices;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>What a tenant's reservations of one day amount to, or what the store says they do (INV-2).</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AuditedBalance(long ImagesHeld, long ImagesSpent, long MicrosHeld, long MicrosSpent, long Generations)
{
    /// <summary>In the order of <see cref="Read"/>.</summary>
    public const string Columns = "images_held, images_spent, micros_held, micros_spent, generations";

    public static AuditedBalance From(AuditedReservation row) =>
        row.State switch
        {
            ReservationState.Void => default,
            ReservationState.Settled => new(0, row.Images, 0, row.Charged ?? 0, 1),
            ReservationState.WrittenOff => new(0, row.Images, 0, row.Charged ?? 0, 0),
            _ => new(row.Images, 0, row.Micros, 0, 0),
        };

    public static AuditedBalance Read(DbDataReader row, int first) =>
        new(row.GetNumber(first), row.GetNumber(first + 1), row.GetNumber(first + 2), row.GetNumber(first + 3), row.GetNumber(first + 4));

    public static AuditedBalance operator +(AuditedBalance one, AuditedBalance other) =>
        new(
            one.ImagesHeld + other.ImagesHeld,
            one.ImagesSpent + other.ImagesSpent,
            one.MicrosHeld + other.MicrosHeld,
            one.MicrosSpent + other.MicrosSpent,
            one.Generations + other.Generations
        );
}
