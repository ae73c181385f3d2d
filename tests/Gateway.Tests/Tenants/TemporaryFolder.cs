namespace Gateway.Tests.Tenants;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("gateway-tenants-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
