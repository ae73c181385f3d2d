using Gateway.Edge;

namespace Gateway.Images;

/// <param name="Store">
/// The folder in which downloaded images are cached; null: no cache. Each gateway needs a folder of its own.
/// </param>
/// <param name="StoreBytes">The size limit of the cache; the oldest images are removed first.</param>
/// <param name="MaxBytes">
/// The largest image that is relayed. It bounds the work that a hostile host can cause; memory is bounded in any case.
/// </param>
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
