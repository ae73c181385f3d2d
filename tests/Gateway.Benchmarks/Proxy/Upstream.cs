using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Benchmarks.Proxy;

/// <summary>
/// Stands in for Leonardo and costs little CPU: every POST creates a generation, and every read of one says COMPLETE
/// with one image, in the members and the order that Leonardo documents. One thread for each connection.
/// </summary>
internal static class Upstream
{
    /// <summary>Answers <c>CREATED ENDED</c>: POSTs, and generations that were read at least once.</summary>
    public const string CountsPath = "/counts";

    private const int Remembered = 1 << 24;

    /// <summary>1 for each generation that was read, by its number.</summary>
    private static readonly byte[] Ended = new byte[Remembered];
    private static readonly long StartTicks = TimeProvider.System.GetUtcNow().Ticks;
    private static long _created;
    private static long _ended;

    public static void Run(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(512);
        while (true)
        {
            var connection = listener.Accept();
            new Thread(() => Serve(connection), maxStackSize: 256 * 1024) { IsBackground = true }.Start();
        }
    }

    private static void Serve(Socket connection)
    {
        using var socket = connection;
        socket.NoDelay = true;
        var (received, answer) = (new byte[64 * 1024], new byte[4 * 1024]);
        var filled = 0;
        try
        {
            while (true)
            {
                var length = HttpMessage.LengthOf(received.AsSpan(0, filled));
                if (length == 0)
                {
                    var read = socket.Receive(received.AsSpan(filled));
                    if (read == 0)
                        return;
                    filled += read;
                    continue;
                }
                socket.Send(answer.AsSpan(0, WriteAnswer(received.AsSpan(0, length), answer)));
                received.AsSpan(length, filled - length).CopyTo(received);
                filled -= length;
            }
        }
        catch (SocketException)
        {
            // The client closed the connection.
        }
    }

    private static int WriteAnswer(ReadOnlySpan<byte> request, Span<byte> answer)
    {
        var line = request[..request.IndexOf((byte)'\n')];
        if (line.StartsWith("POST"u8))
            return Created.WriteTo(answer, IdOf(Interlocked.Increment(ref _created)));
        var read = line.IndexOf("/v1/generations/"u8);
        if (read > 0 && Utf8Parser.TryParse(line[(read + 16)..], out Guid id, out _))
        {
            var number = NumberOf(id);
            if (Interlocked.Exchange(ref Ended[number % Remembered], 1) == 0)
                Interlocked.Increment(ref _ended);
            return Complete.WriteTo(answer, id, ImageIdOf(number));
        }
        var text =
            line.IndexOf(Encoding.ASCII.GetBytes(CountsPath)) > 0 ? $"{Interlocked.Read(ref _created)} {Interlocked.Read(ref _ended)}"
            : line.IndexOf("/v1/me"u8) > 0 ? Account
            : """{"generations":[]}""";
        return Encoding.UTF8.GetBytes(HttpMessage.Ok(text), answer);
    }

    /// <summary>A UUID of version 6, as Leonardo's are: ordered by time. It ends in the number.</summary>
    private static Guid IdOf(long number)
    {
        // 100 ns since 1582-10-15.
        var ticks = StartTicks + number - new DateTimeOffset(1582, 10, 15, 0, 0, 0, TimeSpan.Zero).Ticks;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], number);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(ticks >> 28));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)(ticks >> 12));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x6000 | (ticks & 0xFFF)));
        bytes[8] = 0x80;
        return new Guid(bytes, bigEndian: true);
    }

    private static long NumberOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes[8..]) & 0xFFFF_FFFF_FFFF;
    }

    /// <summary>The same at every read, and in no order: Leonardo's image ids are random.</summary>
    private static Guid ImageIdOf(long number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, (StartTicks + number) * -0x61C8864680B583EB);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], (StartTicks - number) * -0x4B47D0C5AC6CDE8D);
        bytes[6] = (byte)(0x40 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }

    private const string Account = """
        {"user_details":[{"user":{"id":"55555555-2222-4333-8444-555555555555","username":"benchmark"},"apiPaidTokens":100000000,"apiSubscriptionTokens":0}]}
        """;

    private static readonly Template Created = new(
        """{"generate":{"generationId":"GENERATION","apiCreditCost":null,"cost":{"amount":"0.0837","unit":"DOLLARS"}}}"""
    );

    private static readonly Template Complete = new(
        $$$"""{"generations_by_pk":{"id":"GENERATION","status":"COMPLETE","createdAt":"2026-11-26T12:00:00.000","prompt":"{{{Requests.Prompt}}}","negativePrompt":"","imageWidth":1440,"imageHeight":1440,"seed":1234567890,"public":false,"modelId":null,"sdVersion":"FLUX","scheduler":"EULER_DISCRETE","presetStyle":null,"guidanceScale":null,"inferenceSteps":null,"initStrength":null,"photoReal":null,"promptMagic":null,"ultra":null,"generation_elements":[],"prompt_moderations":[{"moderationClassification":[]}],"generated_images":[{"id":"IMAGE","url":"https://cdn.leonardo.ai/users/55555555-2222-4333-8444-555555555555/generations/GENERATION/flux-pro-2.0_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-0.jpg","nsfw":false,"likeCount":0,"motionMP4URL":null,"imageToVideo":null,"motion":null,"motionModel":null,"motionStrength":null,"fantasyAvatar":null,"generated_image_variation_generics":[]}]}}"""
    );

    /// <summary>An answer with places for ids.</summary>
    private sealed class Template
    {
        private readonly byte[] _bytes;
        private readonly List<(int At, bool IsImage)> _places = [];

        public Template(string json)
        {
            var text = HttpMessage.Ok(
                json.Replace("GENERATION", new string('g', 36), StringComparison.Ordinal)
                    .Replace("IMAGE", new string('i', 36), StringComparison.Ordinal)
            );
            _bytes = Encoding.UTF8.GetBytes(text);
            foreach (var letter in "gi")
            {
                var place = new string(letter, 36);
                for (
                    var at = text.IndexOf(place, StringComparison.Ordinal);
                    at >= 0;
                    at = text.IndexOf(place, at + 36, StringComparison.Ordinal)
                )
                    _places.Add((at, letter == 'i'));
            }
        }

        public int WriteTo(Span<byte> answer, Guid generation, Guid image = default)
        {
            _bytes.CopyTo(answer);
            foreach (var (at, isImage) in _places)
                (isImage ? image : generation).TryFormat(answer[at..], out _);
            return _bytes.Length;
        }
    }
}
