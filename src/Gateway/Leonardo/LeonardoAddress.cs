namespace Gateway.Leonardo;

/// <summary>The upstream's addresses, made from the setting (or the bundled simulator's) and never from a caller's path (threats F7, C13).</summary>
internal sealed class LeonardoAddress(LeonardoOptions options)
{
    private Uri _base = options.BaseUrl;

    public string Prefix => _base.AbsoluteUri;

    public Uri Generations { get; private set; } = new(options.BaseUrl.AbsoluteUri.TrimEnd('/') + "/v2/generations");

    /// <summary>For the bundled simulator, whose port is chosen when it starts.</summary>
    public void UseSimulators(Uri baseUrl)
    {
        _base = baseUrl;
        Generations = For("/v2/generations");
    }

    /// <param name="path">A constant, or one built from an id that was checked.</param>
    public Uri For(string path) => new(_base.AbsoluteUri.TrimEnd('/') + path);
}
