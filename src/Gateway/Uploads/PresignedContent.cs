using System.Net;
using System.Text;
using Gateway.Leonardo.Replies;

namespace Gateway.Uploads;

/// <summary>
/// The form for Leonardo's storage: every presigned field first, the file last, and a Content-Length, because storage
/// refuses chunked bodies.
/// </summary>
/// <remarks>
/// Not <see cref="MultipartFormDataContent"/>: it quotes the boundary and adds a type to each field, which presigned
/// forms may reject.
/// </remarks>
internal sealed class PresignedContent : HttpContent
{
    private readonly byte[] _head;
    private readonly ReceivedFile _file;
    private readonly byte[] _tail;

    public PresignedContent(UploadForm form, ReceivedFile file)
    {
        var boundary = "gateway" + Guid.NewGuid().ToString("N");
        var text = new StringBuilder();
        foreach (var (name, value) in form.Fields)
            text.Append($"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        text.Append($"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file.{file.Format.Extensions[0]}\"\r\n");
        text.Append($"Content-Type: {file.Format.MediaType}\r\n\r\n");
        _head = Encoding.UTF8.GetBytes(text.ToString());
        _tail = Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n");
        _file = file;
        Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=" + boundary);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_head, cancellationToken);
        _file.Content.Position = 0;
        await _file.Content.CopyToAsync(stream, cancellationToken);
        await stream.WriteAsync(_tail, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _head.Length + _file.Content.Length + _tail.Length;
        return true;
    }
}
