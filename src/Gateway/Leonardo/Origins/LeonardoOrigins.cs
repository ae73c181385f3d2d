using Gateway.Edge;

namespace Gateway.Leonardo.Origins;

/// <summary>Where images come from and uploads go to (docs/settings.md).</summary>
internal sealed class LeonardoOrigins(OriginList images, OriginList uploads)
{
    public OriginList Images => images;

    public OriginList Uploads => uploads;

    public static LeonardoOrigins Read(Settings settings) =>
        new(
            OriginList.Read(settings, "Leonardo:ImageOrigins", "https://cdn.leonardo.ai"),
            OriginList.Read(settings, "Leonardo:UploadOrigins", "https://*.amazonaws.com")
        );

    /// <summary>For the bundled simulator, whose port is chosen when it starts.</summary>
    public void UseSimulator(Uri address)
    {
        images.Add(address);
        uploads.Add(address);
    }
}
