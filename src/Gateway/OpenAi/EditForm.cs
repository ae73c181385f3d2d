using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Models;
using Gateway.Uploads;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Gateway.OpenAi;

/// <summary>The form of an edit: its files, and its other fields as the JSON of a request without files.</summary>
internal sealed class EditForm : IAsyncDisposable
{
    private const int MaxParts = 40;

    private static readonly string[] FileFields = ["image", "image[]"];
    private static readonly string[] IntegerFields = ["n", "seed", "output_compression", "partial_images"];
    private const string ListField = "style_ids";
    private const string FlagField = "stream";
    private const string MaskField = "mask";

    private readonly Dictionary<string, List<string>> _fields = new(StringComparer.Ordinal);
    private readonly List<ReceivedFile> _files = [];
    private readonly List<string> _digests = [];
    private readonly List<Violation> _violations = [];
    private int _textBytes;

    public IReadOnlyList<ReceivedFile> Files => _files;

    /// <summary>SHA-256 of each file, in hexadecimal digits.</summary>
    public IReadOnlyList<string> Digests => _digests;

    public IReadOnlyList<Violation> Violations => _violations;

    /// <returns>The form, or the refusal: 400, 413, 415 or 503.</returns>
    public static async Task<(EditForm? Form, Problem? Refusal)> ReadAsync(HttpRequest request, TemporaryFiles files)
    {
        if (ReceivedFile.CreateReader(request) is not { } reader)
            return (
                null,
                new Problem(
                    ProblemTypes.UnsupportedMediaType,
                    "This route takes multipart/form-data only. Nothing was reserved or sent. Send the images as files in parts named image."
                )
            );
        if (request.ContentLength > ReceivedFile.MaxRequestBytes)
            return (null, ReceivedFile.TooLarge());
        var form = new EditForm();
        var isKept = false;
        try
        {
            var refusal = await form.ReadPartsAsync(reader, files, request.HttpContext.RequestAborted);
            isKept = refusal is null;
            return isKept ? (form, null) : (null, refusal);
        }
        catch (Exception exception) when (ReceivedFile.IsMalformed(exception))
        {
            return (null, ReceivedFile.Malformed());
        }
        finally
        {
            // Of a caller who leaves in the middle too.
            if (!isKept)
                await form.DisposeAsync();
        }
    }

    /// <summary>Numbers, flags and lists as such, if they can be read; the reader reports what cannot.</summary>
    public JsonDocument ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, values) in _fields)
            {
                json.WritePropertyName(name);
                if (name == ListField)
                    WriteList(json, values);
                else
                    WriteValue(json, name, values[0]);
            }
            json.WriteEndObject();
        }
        return JsonDocument.Parse(buffer.WrittenMemory);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var file in _files)
            await file.DisposeAsync();
    }

    private static void WriteList(Utf8JsonWriter json, List<string> values)
    {
        json.WriteStartArray();
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter json, string name, string text)
    {
        if (
            IntegerFields.Contains(name) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        )
            json.WriteNumberValue(number);
        else if (name == FlagField && text is ("true" or "false"))
            json.WriteBooleanValue(text == "true");
        else
            json.WriteStringValue(text);
    }

    private async Task<Problem?> ReadPartsAsync(MultipartReader reader, TemporaryFiles files, CancellationToken cancellationToken)
    {
        for (var part = 0; await reader.ReadNextSectionAsync(cancellationToken) is { } section; part++)
        {
            if (part == MaxParts)
                throw new InvalidDataException("the form has too many parts");
            if (
                !ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)
                || HeaderUtilities.RemoveQuotes(disposition.Name).Value is not { Length: > 0 } name
            )
                throw new InvalidDataException("a part has no name");
            if (name == MaskField)
                _fields[MaskField] = [""];
            else if (!FileFields.Contains(name))
                await ReadFieldAsync(section.Body, name, cancellationToken);
            else if (_files.Count == ModelCatalogue.Widest.MaxReferences)
                AddError("#/image", "too-many", $"must be at most {ModelCatalogue.Widest.MaxReferences} files");
            else if (await ReadFileAsync(section.Body, files, cancellationToken) is { } refusal)
                return refusal;
        }
        return null;
    }

    private async Task<Problem?> ReadFileAsync(Stream body, TemporaryFiles files, CancellationToken cancellationToken)
    {
        var left = ReceivedFile.MaxBytes - _files.Sum(file => file.Content.Length);
        var (file, refusal) = await ReceivedFile.StoreAsync(body, null, FileRules.OneOfSeveral, files, left, cancellationToken);
        if (file is null)
            return refusal;
        _files.Add(file);
        _digests.Add(Convert.ToHexStringLower(await SHA256.HashDataAsync(file.Content, cancellationToken)));
        return null;
    }

    private async Task ReadFieldAsync(Stream body, string name, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        var buffer = new byte[4096];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            _textBytes += read;
            if (_textBytes > EdgeFeature.MaxBodyBytes)
                throw new InvalidDataException("the fields are too long");
            text.Write(buffer, 0, read);
        }
        Add(name, text);
    }

    private void Add(string name, MemoryStream text)
    {
        var isListed = name.EndsWith("[]", StringComparison.Ordinal);
        var member = isListed ? name[..^2] : name;
        if (!System.Text.Unicode.Utf8.IsValid(text.GetBuffer().AsSpan(0, (int)text.Length)))
        {
            AddError(JsonPointer.Append(JsonPointer.Root, member), "invalid-unicode", "is not valid UTF-8");
            return;
        }
        var value = Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
        // What a form can send instead of null.
        if (value.Length == 0)
            return;
        if (!_fields.TryGetValue(member, out var values))
            _fields.Add(member, values = []);
        values.Add(value);
        if (values.Count == 2 && member != ListField)
            AddError(JsonPointer.Append(JsonPointer.Root, member), "duplicate-member", "is present twice");
    }

    private void AddError(string pointer, string code, string detail) => _violations.Add(new Violation(pointer, code, detail));
}
