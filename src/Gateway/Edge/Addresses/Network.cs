using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Gateway.Edge.Addresses;

/// <summary>
/// An IPv4 or IPv6 network in CIDR notation. An IPv4-mapped IPv6 address counts as its IPv4 address; zone ids are
/// ignored.
/// </summary>
/// <param name="Bits">The address, right-aligned: 32 bits of it in IPv4.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Network(AddressFamily Family, UInt128 Bits, int Prefix)
{
    private static readonly SearchValues<char> AddressCharacters = SearchValues.Create("0123456789abcdefABCDEF:.");

    private int Width => WidthOf(Family);

    public static int WidthOf(AddressFamily family) => family == AddressFamily.InterNetwork ? 32 : 128;

    /// <summary>Family and bits of an address, mapped IPv6 taken as IPv4.</summary>
    public static (AddressFamily Family, UInt128 Bits) ToBits(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var length))
            throw new ArgumentException("Neither IPv4 nor IPv6", nameof(address));
        if (length == 4)
            return (AddressFamily.InterNetwork, BinaryPrimitives.ReadUInt32BigEndian(bytes));
        return address.IsIPv4MappedToIPv6
            ? (AddressFamily.InterNetwork, BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]))
            : (AddressFamily.InterNetworkV6, BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>
    /// What one subscriber can send from: an IPv4 address, or an IPv6 /64, within which it may choose any address.
    /// </summary>
    public static IPAddress SubscriberOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    public static UInt128 Mask(AddressFamily family, UInt128 bits, int prefix)
    {
        var host = WidthOf(family) - prefix;
        return host == 128 ? 0 : bits >> host << host;
    }

    /// <summary>
    /// An address in its usual spelling: no octal or shortened IPv4 (<c>127.1</c>), no brackets, port or zone.
    /// </summary>
    public static bool TryParseAddress(ReadOnlySpan<char> text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        if (text.Length is < 2 or > 45 || text.ContainsAnyExcept(AddressCharacters) || !IPAddress.TryParse(text, out var parsed))
            return false;
        if (parsed.AddressFamily == AddressFamily.InterNetwork)
        {
            Span<char> usual = stackalloc char[15];
            if (!parsed.TryFormat(usual, out var length) || !text.SequenceEqual(usual[..length]))
                return false;
        }
        address = parsed;
        return true;
    }

    /// <summary>Reads <c>address/prefix</c>, with the host bits clear.</summary>
    /// <param name="fault">When it is refused: why, in words that end the sentence «the network …».</param>
    public static bool TryParse(string text, out Network network, [NotNullWhen(false)] out string? fault)
    {
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            fault = TryParseAddress(text, out var alone)
                ? $"needs a prefix length: write {(alone.IsIPv4MappedToIPv6 ? alone.MapToIPv4() : alone)}/{WidthOf(ToBits(alone).Family)} for this one address"
                : "must be written as address/prefix, for instance 10.20.0.0/16 or 2001:db8::/32";
            return false;
        }
        if (!TryParseAddress(text.AsSpan(0, slash), out var address))
        {
            fault = "does not begin with an IPv4 or IPv6 address in its usual spelling (no zone, no leading zeros)";
            return false;
        }
        if (address.IsIPv4MappedToIPv6)
        {
            fault = $"is an IPv4-mapped IPv6 address: write it as IPv4 ({address.MapToIPv4()}), which covers both forms";
            return false;
        }
        var (family, bits) = ToBits(address);
        var digits = text.AsSpan(slash + 1);
        if (
            !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var prefix)
            || prefix > WidthOf(family)
            || (digits.Length > 1 && digits[0] == '0')
        )
        {
            fault = $"must end in a prefix length from 0 to {WidthOf(family)}";
            return false;
        }
        network = new Network(family, Mask(family, bits, prefix), prefix);
        if (network.Bits != bits)
        {
            fault = $"has bits set to the right of its prefix: write {network} if the whole network is meant";
            return false;
        }
        fault = null;
        return true;
    }

    public bool Contains(IPAddress address)
    {
        var (family, bits) = ToBits(address);
        return family == Family && Mask(family, bits, Prefix) == Bits;
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Bits);
        return string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(bytes[(16 - (Width / 8))..])}/{Prefix}");
    }
}
