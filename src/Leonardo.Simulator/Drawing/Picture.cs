using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Leonardo.Simulator.Drawing;

/// <summary>
/// Draws the image of a generation: a landscape derived from the hash of seed, prompt and index, with a caption that
/// states them. The same inputs and size give the same bytes.
/// </summary>
internal sealed class Picture
{
    /// <summary>The sky at the top, the sky at the horizon, the sun, the farthest hill, the nearest hill.</summary>
    private static readonly uint[][] Palettes =
    [
        [0x2B3A67, 0xF7B267, 0xFFF1C9, 0xB56576, 0x1F1D36],
        [0x4A90C2, 0xDDF1F5, 0xFFFFFF, 0x8FBFA8, 0x1E4D3B],
        [0x12122B, 0x3F3D78, 0xF4F1DE, 0x4F4A8B, 0x0B0A1A],
        [0x6A4C93, 0xFFB4A2, 0xFFE8D6, 0xB5838D, 0x3A2A4D],
        [0x0F4C5C, 0xE9D8A6, 0xFFF8E1, 0x5FA8A0, 0x082B34],
        [0x87BBA2, 0xF6F7D7, 0xFFFDF0, 0xA3C4A8, 0x3C5A48],
        [0x7F1D1D, 0xF59E0B, 0xFFF3B0, 0xB45309, 0x2A0E0E],
        [0x355C7D, 0xF8B195, 0xFFF5E6, 0xC06C84, 0x2B2540],
    ];

    private const int Hills = 5;
    private readonly CreationRequest request;
    private readonly int index;
    private readonly Canvas canvas;
    private readonly Colour[] palette;
    private ulong state;

    private Picture(CreationRequest request, int index)
    {
        this.request = request;
        this.index = index;
        canvas = new Canvas(request.Width, request.Height);
        var identity = string.Create(CultureInfo.InvariantCulture, $"{request.Seed}\n{index}\n{request.Prompt}");
        state = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(identity)));
        palette = [.. Palettes[(int)(Next() * Palettes.Length)].Select(Colour.FromRgb)];
    }

    public static byte[] Draw(CreationRequest request, int index)
    {
        var picture = new Picture(request, index);
        picture.DrawLandscape();
        picture.DrawStars();
        picture.DrawCaption();
        return picture.canvas.ToJpeg();
    }

    private void DrawLandscape()
    {
        var ridges = Enumerable.Range(0, Hills).Select(CreateRidge).ToArray();
        var colours = Enumerable.Range(0, Hills).Select(hill => palette[3].MixWith(palette[4], hill / (double)(Hills - 1))).ToArray();
        var sunX = canvas.Width * (0.2 + (0.6 * Next()));
        var sunY = canvas.Height * (0.15 + (0.25 * Next()));
        var sunRadius = Math.Min(canvas.Width, canvas.Height) * (0.05 + (0.06 * Next()));
        for (var y = 0; y < canvas.Height; y++)
        {
            var sky = palette[0].MixWith(palette[1], Math.Min(1, y / (canvas.Height * 0.7)));
            for (var x = 0; x < canvas.Width; x++)
            {
                var hill = Hills - 1;
                while (hill >= 0 && ridges[hill][x] > y)
                {
                    hill--;
                }

                if (hill < 0)
                {
                    canvas.Set(x, y, GetSkyColour(sky, Math.Sqrt(((x - sunX) * (x - sunX)) + ((y - sunY) * (y - sunY))) / sunRadius));
                    continue;
                }

                // Mist: a hill gets paler towards its foot.
                var depth = Math.Min(1, (y - ridges[hill][x]) / (canvas.Height * 0.25));
                canvas.Set(x, y, colours[hill].MixWith(palette[1], 0.22 * depth * (1 - (hill / (double)Hills))));
            }
        }
    }

    /// <param name="distance">From the sun's centre, in radii of the sun.</param>
    private Colour GetSkyColour(Colour sky, double distance) =>
        distance < 1 ? palette[2]
        : distance < 1.05 ? palette[2].MixWith(sky, 0.6 * (distance - 1) / 0.05)
        : distance < 7 ? sky.MixWith(palette[2], 0.4 * Math.Pow(1 - ((distance - 1) / 6), 2.5))
        : sky;

    private double[] CreateRidge(int hill)
    {
        var middle = canvas.Height * (0.48 + (hill * 0.115));
        var waves = Enumerable
            .Range(1, 4)
            .Select(octave =>
                (
                    Height: Math.Min(canvas.Width, canvas.Height) * 0.075 * (0.5 + Next()) / octave,
                    Length: (0.6 + Next()) * octave * octave * 0.7,
                    Phase: Next() * Math.Tau
                )
            )
            .ToArray();
        return
        [
            .. Enumerable
                .Range(0, canvas.Width)
                .Select(x =>
                    middle + waves.Sum(wave => wave.Height * Math.Sin((x / (double)canvas.Width * Math.Tau * wave.Length) + wave.Phase))
                ),
        ];
    }

    /// <summary>Stars appear only in a dark sky.</summary>
    private void DrawStars()
    {
        if (palette[0].R + palette[0].G + palette[0].B > 150)
        {
            return;
        }

        for (var star = 0; star < 140; star++)
        {
            var (x, y) = ((int)(Next() * canvas.Width), (int)(Next() * canvas.Height * 0.35));
            canvas.Blend(x, y, palette[2], 0.3 + (0.7 * Next()));
            canvas.Blend(x + 1, y, palette[2], 0.25);
        }
    }

    private void DrawCaption()
    {
        var scale = Math.Max(1, canvas.Width / 320);
        var margin = 6 * scale;
        var columns = (canvas.Width - (2 * margin)) / (Font.Advance * scale);
        var lines = Wrap(request.Prompt, columns, maxLines: 2);
        var facts = string.Create(
            CultureInfo.InvariantCulture,
            $"seed {request.Seed}  image {index + 1}/{request.Quantity}  {request.Width}x{request.Height}  simulated"
        );
        lines.AddRange(Wrap(facts, columns, maxLines: 2));

        var lineHeight = (Font.Height + 3) * scale;
        var top = canvas.Height - (2 * margin) - (lines.Count * lineHeight);
        for (var y = top; y < canvas.Height; y++)
        {
            for (var x = 0; x < canvas.Width; x++)
            {
                canvas.Blend(x, y, Colour.FromRgb(0x0B0B12), 0.62);
            }
        }

        var ink = Colour.FromRgb(0xF4F1EA);
        for (var line = 0; line < lines.Count; line++)
        {
            canvas.Write(
                lines[line],
                margin,
                top + margin + (line * lineHeight),
                scale,
                line < lines.Count - 1 ? ink : ink.MixWith(palette[1], 0.5)
            );
        }
    }

    /// <summary>Breaks lines between words where possible; text that does not fit ends in dots.</summary>
    private static List<string> Wrap(string text, int columns, int maxLines)
    {
        var lines = new List<string>();
        var rest = text.ReplaceLineEndings(" ").Trim();
        while (rest.Length > columns && lines.Count < maxLines - 1)
        {
            var space = rest.LastIndexOf(' ', columns);
            var cut = space > columns / 2 ? space : columns;
            lines.Add(rest[..cut].TrimEnd());
            rest = rest[cut..].TrimStart();
        }

        lines.Add(rest.Length <= columns ? rest : rest[..Math.Max(0, columns - 3)] + "...");
        return lines;
    }

    /// <returns>
    /// 0 ≤ next &lt; 1, by SplitMix64. Implemented here because the framework's generator may change between versions.
    /// </returns>
    private double Next()
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return ((mixed ^ (mixed >> 31)) >> 11) / (double)(1L << 53);
    }
}
