using System.Net;
using System.Text;
using Gateway.Leonardo.Replies;

namespace Gateway.Uploads;

/// <summary>The form that storage takes: every presigned field first, the file last, and the exact length stated (storage refuses chunks).</summary>
/// <remarks>Written by hand: <see cref="MultipartFormDataContent"/> quotes the boundary and adds a type to each field, which presigned forms are known to stumble over.</remarks>
internal sealed class PresignedContent : HttpContent
{
    private readonly byte[] _before;
    private readonly ReceivedFile _file;
    private readonly byte[] _after;

    public PresignedContent(UploadForm form, ReceivedFile file)
    {
        var boundary = "gateway" + Guid.NewGuid().ToString("N");
        var text = new StringBuilder();
        foreach (var (name, value) in form.Fields)
            text.Append($"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        text.Append($"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file.{file.Format.Extensions[0]}\"\r\n");
        text.Append($"Content-Type: {file.Format.MediaType}\r\n\r\n");
        _before = Encoding.UTF8.GetBytes(text.ToString());
        _after = Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n");
        _file = file;
        Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=" + boundary);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_before, cancellationToken);
        _file.Content.Position = 0;
        await _file.Content.CopyToAsync(stream, cancellationToken);
        await stream.WriteAsync(_after, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _before.Length + _file.Content.Length + _after.Length;
        return true;
    }
}
