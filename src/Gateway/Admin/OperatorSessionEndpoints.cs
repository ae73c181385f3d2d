using Gateway.Edge.Problems;
using Gateway.Tenants.Sessions;

namespace Gateway.Admin;

/// <summary>
/// <c>/admin/session</c>: an operator's sign-in where <c>/v1</c> does not answer, on the management port.
/// </summary>
internal sealed class OperatorSessionEndpoints(OperatorSessions operators, SessionStore sessions)
{
    public async Task<IResult> CreateAsync(HttpContext context, Operator caller, CancellationToken cancellationToken) =>
        caller.Token is { } token
            ? await operators.CreateAsync(context, token, cancellationToken) ?? (IResult)TypedResults.NoContent()
            : new Problem(
                ProblemTypes.Unidentified,
                "A session is made from a token: send one of Admin:TokenFile as Authorization: Bearer. The session of this request goes on."
            )
            {
                Authenticate = "Bearer realm=\"admin\"",
            };

    public async Task<IResult> DeleteAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (SessionCookie.Read(context.Request).Key is { } key)
            await sessions.EndAsync(key, cancellationToken);
        SessionCookie.Clear(context);
        return TypedResults.NoContent();
    }
}
