namespace Gateway.Tenants;

/// <summary>On an endpoint that answers without knowing a tenant. A short list; whatever does not carry it is refused to strangers.</summary>
internal sealed class AllowAnonymousTenant
{
    public static readonly AllowAnonymousTenant Instance = new();

    private AllowAnonymousTenant() { }
}
