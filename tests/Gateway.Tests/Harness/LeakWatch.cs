using System.Text;

namespace Gateway.Tests.Harness;

/// <summary>Reads along in every answer of every gateway in every test: what no answer may hold is found wherever it turns up first.</summary>
internal sealed class LeakWatch(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>A client of gateways. Neither cookies nor redirects nor a proxy come between it and them.</summary>
    public static HttpClient Client(Uri? address = null) =>
        new(
            new LeakWatch(
                new SocketsHttpHandler
                {
                    AllowAutoRedirect = false,
                    UseCookies = false,
                    UseProxy = false,
                }
            )
        )
        {
            BaseAddress = address,
        };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (Secrets.Of(request.RequestUri!.Port) is not { } secrets)
            return response;
        var from = $"{request.Method} {request.RequestUri!.AbsolutePath}";
        secrets.Look($"{from}, head", $"{response}");
        var content = new StreamContent(new WatchedStream(await response.Content.ReadAsStreamAsync(cancellationToken), secrets, from));
        foreach (var header in response.Content.Headers)
            content.Headers.TryAddWithoutValidation(header.Key, header.Value);
        response.Content = content;
        return response;
    }

    private sealed class WatchedStream(Stream answer, Secrets secrets, string from) : Stream
    {
        private string _before = "";

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = answer.Read(buffer, offset, count);
            See(buffer.AsSpan(offset, read));
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await answer.ReadAsync(buffer, cancellationToken);
            See(buffer.Span[..read]);
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                answer.Dispose();
            base.Dispose(disposing);
        }

        /// <summary>With the end of what came before: a secret may come in two pieces.</summary>
        private void See(ReadOnlySpan<byte> bytes)
        {
            if (bytes.IsEmpty)
                return;
            var text = _before + Encoding.Latin1.GetString(bytes);
            secrets.Look(from, text);
            _before = text[^Math.Min(text.Length, 80)..];
        }
    }
}
