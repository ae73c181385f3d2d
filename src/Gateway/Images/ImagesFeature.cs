using Gateway.Edge;
using Gateway.Edge.Documentation;

namespace Gateway.Images;

/// <summary>Fetches the bytes of images from the upstream's hosts, caches and sends them.</summary>
internal static class ImagesFeature
{
    public static void AddImages(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(ImageOptions.Read(settings));
        services.AddSingleton<TemporaryFiles>();
        services.AddHostedService(provider => provider.GetRequiredService<TemporaryFiles>());
        services.AddSingleton<ImageDownloader>();
        services.AddSingleton<ImageStore>();
        services.AddSingleton<ImageDownloads>();
        services.AddSingleton<Thumbnails>();
        services.AddSingleton<ImageSender>();
        services.Configure<ApiDocumentation>(ImagesDocumentation.Describe);
    }
}
