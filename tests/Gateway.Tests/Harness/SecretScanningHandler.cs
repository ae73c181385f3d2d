using System.Net.Security;
using System.Text;

namespace Gateway.Tests.Harness;

/// <summary>Scans every response that a test receives from a gateway, whatever the test is about.</summary>
internal sealed class SecretScanningHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>A client without cookies, redirects and proxy: the test sees exactly what the gateway sent.</summary>
    public static HttpClient CreateClient(Uri? address = null, SslClientAuthenticationOptions? tls = null)
    {
        var connections = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            SslOptions = tls ?? new SslClientAuthenticationOptions(),
        };
        return new HttpClient(new SecretScanningHandler(connections)) { BaseAddress = address };
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (SecretScanner.ForPort(request.RequestUri!.Port) is not { } secrets)
            return response;
        var from = $"{request.Method} {request.RequestUri!.AbsolutePath}";
        secrets.Scan($"{from}, head", $"{response}");
        var content = new StreamContent(new WatchedStream(await response.Content.ReadAsStreamAsync(cancellationToken), secrets, from));
        foreach (var header in response.Content.Headers)
            content.Headers.TryAddWithoutValidation(header.Key, header.Value);
        response.Content = content;
        return response;
    }

    private sealed class WatchedStream(Stream answer, SecretScanner secrets, string from) : Stream
    {
        private string _previousEnd = "";

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
            Scan(buffer.AsSpan(offset, read));
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await answer.ReadAsync(buffer, cancellationToken);
            Scan(buffer.Span[..read]);
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

        /// <summary>Together with the end of the previous part: a secret may be split between two.</summary>
        private void Scan(ReadOnlySpan<byte> bytes)
        {
            if (bytes.IsEmpty)
                return;
            var text = _previousEnd + Encoding.Latin1.GetString(bytes);
            secrets.Scan(from, text);
            _previousEnd = text[^Math.Min(text.Length, 80)..];
        }
    }
}
