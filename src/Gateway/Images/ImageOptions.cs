using Gateway.Edge;

namespace Gateway.Images;

/// <param name="Store">Folder in which images that were seen once are kept, so that the next time needs no CDN; null: none are kept. One folder for one gateway.</param>
/// <param name="StoreBytes">The most that is kept there; the oldest go first.</param>
/// <param name="MaxBytes">The longest image that is carried. It bounds what a hostile host can make the gateway do, not what it holds in memory.</param>
internal sealed record ImageOptions(string? Store, long StoreBytes, long MaxBytes)
{
    private const int MiB = 1024 * 1024;

    public static ImageOptions Read(Settings settings) =>
        new(
            settings.GetString("Images:Store"),
            settings.Long("Images:StoreBytes", defaultValue: 1024L * MiB, min: MiB, max: long.MaxValue),
            settings.Long("Images:MaxBytes", defaultValue: 2048L * MiB, min: MiB, max: long.MaxValue)
        );
}
