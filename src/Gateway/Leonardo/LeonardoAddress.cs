namespace Gateway.Leonardo;

/// <summary>
/// The upstream's addresses, built from the setting or the bundled simulator's address, never from a caller's path
/// (T-C13, P-7).
/// </summary>
internal sealed class LeonardoAddress(LeonardoOptions options)
{
    private Uri _base = options.BaseUrl;

    public string Prefix => _base.AbsoluteUri;

    public Uri Generations { get; private set; } = new(options.BaseUrl.AbsoluteUri.TrimEnd('/') + "/v2/generations");

    /// <summary>For the bundled simulator, whose port is chosen when it starts.</summary>
    public void UseSimulator(Uri baseUrl)
    {
        _base = baseUrl;
        Generations = For("/v2/generations");
    }

    /// <param name="path">Built from constants and validated ids only.</param>
    public Uri For(string path) => new(_base.AbsoluteUri.TrimEnd('/') + path);
}
