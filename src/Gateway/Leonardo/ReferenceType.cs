namespace Gateway.Leonardo;

/// <summary>The upstream's names for the two kinds of reference image.</summary>
internal static class ReferenceType
{
    public const string Generated = "GENERATED";
    public const string Uploaded = "UPLOADED";
}
