using System.Runtime.InteropServices;
using StbImageWriteSharp;

namespace Leonardo.Simulator.Drawing;

[StructLayout(LayoutKind.Auto)]
internal readonly record struct Colour(double R, double G, double B)
{
    public static Colour FromRgb(uint rgb) => new((rgb >> 16) & 0xFF, (rgb >> 8) & 0xFF, rgb & 0xFF);

    public Colour MixWith(Colour other, double share) =>
        new(R + ((other.R - R) * share), G + ((other.G - G) * share), B + ((other.B - B) * share));
}

/// <summary>An RGB image.</summary>
internal sealed class Canvas(int width, int height)
{
    private readonly byte[] pixels = new byte[width * height * 3];

    public int Width => width;

    public int Height => height;

    public void Set(int x, int y, Colour colour)
    {
        var at = ((y * width) + x) * 3;
        pixels[at] = (byte)colour.R;
        pixels[at + 1] = (byte)colour.G;
        pixels[at + 2] = (byte)colour.B;
    }

    public void Blend(int x, int y, Colour colour, double share)
    {
        if (x < 0 || y < 0 || x >= width || y >= height)
        {
            return;
        }

        var at = ((y * width) + x) * 3;
        Set(x, y, new Colour(pixels[at], pixels[at + 1], pixels[at + 2]).MixWith(colour, share));
    }

    public void Write(string text, int left, int top, int scale, Colour colour)
    {
        for (var at = 0; at < text.Length; at++)
        {
            for (var dot = 0; dot < Font.Width * Font.Height; dot++)
            {
                if (Font.IsDot(text[at], dot % Font.Width, dot / Font.Width))
                {
                    Square(left + (((at * Font.Advance) + (dot % Font.Width)) * scale), top + (dot / Font.Width * scale), scale, colour);
                }
            }
        }
    }

    public byte[] ToJpeg()
    {
        using var jpeg = new MemoryStream(width * height / 4);
        new ImageWriter().WriteJpg(pixels, width, height, ColorComponents.RedGreenBlue, jpeg, quality: 88);
        return jpeg.ToArray();
    }

    private void Square(int left, int top, int size, Colour colour)
    {
        for (var y = top; y < top + size; y++)
        {
            for (var x = left; x < left + size; x++)
            {
                Blend(x, y, colour, 1);
            }
        }
    }
}
