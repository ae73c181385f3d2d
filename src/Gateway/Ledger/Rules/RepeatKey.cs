using System.Runtime.InteropServices;

namespace Gateway.Ledger.Rules;

/// <summary>What equal requests without an Idempotency-Key have in common.</summary>
/// <param name="BodyHash">SHA-256 over the validated request, before a seed is drawn.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RepeatKey(string Tenant, ReadOnlyMemory<byte> BodyHash)
{
    public bool Equals(RepeatKey other) => Tenant == other.Tenant && BodyHash.Span.SequenceEqual(other.BodyHash.Span);

    /// <summary>Four bytes of a cryptographic hash are distributed well enough.</summary>
    public override int GetHashCode() => HashCode.Combine(Tenant, MemoryMarshal.Read<int>(BodyHash.Span));
}
