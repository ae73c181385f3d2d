using Gateway.Images;

namespace Gateway.Uploads;

/// <summary>What a route requires of the file in a form.</summary>
/// <param name="Expected">The only format it takes; null: see <paramref name="FollowsName"/>.</param>
/// <param name="FollowsName">Whether an extension in the file's name must match its first bytes.</param>
/// <param name="IsOnlyFile">
/// Whether a second file is refused. Otherwise, as storage does, whatever follows the first one is ignored.
/// </param>
internal sealed record FileRules(ImageFormat? Expected, bool FollowsName, bool IsOnlyFile)
{
    /// <summary>For <c>POST /v1/uploads</c>: the first bytes decide alone.</summary>
    public static readonly FileRules BySignature = new(null, FollowsName: false, IsOnlyFile: true);

    /// <summary>For a form to <c>POST /v1/init-image</c>.</summary>
    public static readonly FileRules ByName = new(null, FollowsName: true, IsOnlyFile: false);

    /// <summary>One of several files of a form: the first bytes decide alone.</summary>
    public static readonly FileRules OneOfSeveral = new(null, FollowsName: false, IsOnlyFile: false);

    /// <summary>For the second of two steps.</summary>
    public static FileRules Require(ImageFormat? format) => new(format, FollowsName: format is null, IsOnlyFile: false);
}
