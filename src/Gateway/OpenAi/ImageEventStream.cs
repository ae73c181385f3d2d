using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.Edge.Problems;
using Gateway.Generations;

namespace Gateway.OpenAi;

/// <summary>
/// The events of <c>stream: true</c>: comments while the images are made, then one <c>…completed</c> for each image, or
/// one <c>error</c>.
/// </summary>
internal sealed class ImageEventStream(TimeProvider time)
{
    /// <summary>No client and no proxy takes a connection for idle so soon.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);

    public static Task BeginAsync(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "private, no-store";
        // nginx would buffer the stream.
        response.Headers["X-Accel-Buffering"] = "no";
        return WriteCommentAsync(response);
    }

    /// <summary>Writes comments until the task has ended.</summary>
    public async Task<CreationResult> WaitAsync(HttpResponse response, Task<CreationResult> creation)
    {
        while (true)
        {
            try
            {
                return await creation.WaitAsync(KeepAlive, time);
            }
            catch (TimeoutException) when (!creation.IsCompleted)
            {
                await WriteCommentAsync(response);
            }
        }
    }

    public static Task WriteErrorAsync(HttpResponse response, Problem problem)
    {
        var output = response.BodyWriter;
        output.Write("event: error\ndata: "u8);
        using (var json = new Utf8JsonWriter(output, ImageJson.Options))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "error"u8);
            OpenAiError.From(problem).WriteMember(json);
            json.WriteEndObject();
        }
        output.Write("\n\n"u8);
        return output.FlushAsync(CancellationToken.None).AsTask();
    }

    /// <returns>False: it was broken off.</returns>
    public static async Task<bool> WriteImagesAsync(HttpContext context, MadeImages made, ImageRequest request)
    {
        var output = context.Response.BodyWriter;
        var name = request.EventName + ".completed";
        try
        {
            foreach (var image in made.All)
            {
                output.Write(Encoding.ASCII.GetBytes($"event: {name}\ndata: "));
                await ImageJson.WriteAsync(
                    output,
                    image,
                    json =>
                    {
                        json.WriteString("type"u8, name);
                        json.WriteNumber("created_at"u8, made.Generation.CreatedAt.ToUnixTimeSeconds());
                        json.WriteString("size"u8, request.Size.ToString());
                        json.WriteString("output_format"u8, ImageJson.Format);
                    },
                    context.RequestAborted
                );
                output.Write("\n\n"u8);
                await output.FlushAsync(CancellationToken.None);
            }
            return true;
        }
        catch (IOException)
        {
            // Only a broken connection shows the caller that the event is incomplete.
            context.Abort();
            return false;
        }
    }

    private static async Task WriteCommentAsync(HttpResponse response)
    {
        response.BodyWriter.Write(": keep-alive\n\n"u8);
        await response.BodyWriter.FlushAsync(CancellationToken.None);
    }
}
