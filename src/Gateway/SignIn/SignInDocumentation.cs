using Gateway.Edge.Documentation;
using Gateway.Tenants.Sessions;

namespace Gateway.SignIn;

/// <summary>Documents the routes of sessions.</summary>
internal static class SignInDocumentation
{
    public static void Describe(ApiDocumentation documentation)
    {
        documentation.Example<SessionReport>("session", """{ "operator": "olga (5e884898)", "signIn": true }""");
        documentation.Header(
            new("Set-Cookie", "The session, or its end.", SchemaRules.Matching($"^{SessionCookie.Name}=")),
            (operation, status) => status == 204 && operation.Path.EndsWith("/session", StringComparison.Ordinal)
        );
    }
}
