using System.Buffers;
using System.Text.Json;

namespace Gateway.OpenAi;

/// <summary>OpenAI's <c>ImagesResponse</c>: <c>{"created","size","output_format","data":[…]}</c>.</summary>
internal static class ImagesAnswer
{
    /// <returns>False: it was broken off.</returns>
    public static async Task<bool> WriteAsync(HttpContext context, MadeImages made, ImageRequest request)
    {
        var response = context.Response;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "private, no-store";
        var output = response.BodyWriter;
        using (var json = new Utf8JsonWriter(output, ImageJson.Options))
        {
            json.WriteStartObject();
            json.WriteNumber("created"u8, made.Generation.CreatedAt.ToUnixTimeSeconds());
            json.WriteString("size"u8, request.Size.ToString());
            json.WriteString("output_format"u8, ImageJson.Format);
            json.WriteStartArray("data"u8);
        }
        try
        {
            for (var index = 0; index < made.All.Count; index++)
            {
                if (index > 0)
                    output.Write(","u8);
                await ImageJson.WriteAsync(output, made.All[index], static _ => { }, context.RequestAborted);
            }
        }
        catch (IOException)
        {
            // The status has been sent: only a broken connection shows the caller that the answer is incomplete.
            context.Abort();
            return false;
        }
        output.Write("]}"u8);
        await output.FlushAsync(CancellationToken.None);
        return true;
    }
}
