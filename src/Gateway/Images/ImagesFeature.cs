using Gateway.Edge;
using Gateway.Edge.Documentation;

namespace Gateway.Images;

/// <summary>The bytes of images, from where the upstream keeps them.</summary>
internal static class ImagesFeature
{
    public static void AddImages(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(ImageOptions.Read(settings));
        services.AddSingleton<ImageDownloader>();
        services.AddSingleton<ImageStore>();
        services.AddSingleton<ImageEndpoints>();
        services.Configure<ApiDocumentation>(ImagesDocumentation.Describe);
    }
}
