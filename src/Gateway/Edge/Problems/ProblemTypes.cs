namespace Gateway.Edge.Problems;

/// <summary>Every refusal that the gateway can give. Every answer of 400 or more is one of these.</summary>
internal static class ProblemTypes
{
    public static readonly ProblemType MalformedRequest = new(
        "malformed-request",
        400,
        "The request is not well-formed",
        "The body is not strict JSON in UTF-8 (duplicate members, comments, trailing commas and anything after the value are not allowed), or a header is malformed. Nothing was reserved or sent. Correct the request and send it again."
    )
    {
        OtherStatuses = [StatusCodes.Status408RequestTimeout],
    };

    public static readonly ProblemType Validation = new(
        "validation",
        400,
        "The request breaks one or more rules",
        "Each entry of `errors` has the place (`pointer`, RFC 6901), a stable `code` and what is allowed there. All violations are listed at once. Nothing was reserved or sent. Correct them and send the request again."
    );

    public static readonly ProblemType Unidentified = new(
        "unidentified",
        401,
        "The gateway does not know which tenant is calling",
        "No tenant could be identified, or the request presents a credential that is not valid. A presented credential decides alone: a bad one never falls back to the network. Nothing was reserved or sent. `detail` says what the gateway saw, and what the caller or the operator can change."
    );

    public static readonly ProblemType Suspended = new(
        "suspended",
        403,
        "This tenant is suspended",
        "The operator has suspended the tenant. Nothing was reserved or sent; its images are kept, but nobody can read them until it is resumed. Ask the operator to resume it."
    );

    public static readonly ProblemType Policy = new(
        "policy",
        403,
        "The tenant's policy does not allow this",
        "The request is valid, but this tenant may not make it. `errors` names each part that is not allowed. At the sign-in: no tenant is known by the account, or several are. Nothing was reserved or sent. Change those parts, or ask the operator to change the tenants file."
    );

    public static readonly ProblemType HostNotAllowed = new(
        "host-not-allowed",
        403,
        "A caller identified by its network may not use this host name",
        "A caller that is identified only by its network must call the gateway by an address, a single-label name, a name under .internal, .local, .lan or .svc, one listed in `Identification:Hosts`, or the host of `PublicUrl`. This stops DNS rebinding. Nothing was reserved or sent. Present a token, or ask the operator to list the name."
    );

    public static readonly ProblemType CrossSite = new(
        "cross-site",
        403,
        "A page of another site may not use its reader's identity",
        "The caller is identified by its network, by a proxy's header, by a client certificate or by a session. Every page in its browser has that identity, so a request that a page of another origin makes is refused (`Sec-Fetch-Site`, `Origin`). Nothing was reserved or sent. Use the gateway's own console, or present a token. If the page is the gateway's own, ask the operator to set `PublicUrl`."
    );

    public static readonly ProblemType NotFound = new(
        "not-found",
        404,
        "Not found for this tenant",
        "The route does not exist, or the generation, image or upload does not belong to this tenant. The answer is the same whether it exists or not. Nothing was reserved or sent. Check the address and the tenant (`GET /v1/usage`)."
    );

    public static readonly ProblemType MethodNotAllowed = new(
        "method-not-allowed",
        405,
        "This method is not allowed here",
        "The route exists, but not with this method. Nothing was reserved or sent. Use a method of the `Allow` header."
    );

    public static readonly ProblemType NotAcceptable = new(
        "not-acceptable",
        406,
        "The gateway cannot answer in an accepted media type",
        "The `Accept` header excludes everything this route answers with. Nothing was reserved or sent. Send `Accept: application/json`, or leave it out."
    );

    public static readonly ProblemType TooLarge = new(
        "too-large",
        413,
        "The request body is too large",
        "A generation request may have 128 KiB, an upload 25 MB. Nothing was reserved or sent. Send a smaller body."
    );

    public static readonly ProblemType UnsupportedMediaType = new(
        "unsupported-media-type",
        415,
        "The media type of the request body is not supported",
        "This route does not accept such a body. Nothing was reserved or sent. Send `Content-Type: application/json` in UTF-8, without a `Content-Encoding`; for uploads, a PNG, JPEG or WebP file."
    );

    public static readonly ProblemType RangeNotSatisfiable = new(
        "range-not-satisfiable",
        416,
        "The range lies outside the image",
        "The requested range starts after the end of the image. Nothing is charged. `Content-Range` has the length: request a part within it, or leave `Range` out."
    );

    public static readonly ProblemType IdempotencyInProgress = new(
        "idempotency-in-progress",
        409,
        "A request with this Idempotency-Key is still running",
        "The first request with this key has no outcome yet. It is charged at most once, however often it is repeated. Send it again after `Retry-After` seconds, with the same key and body."
    );

    public static readonly ProblemType JobNotQueued = new(
        "job-not-queued",
        409,
        "The job does not wait any more",
        "Only a job that waits for its turn can be cancelled. This one has been sent, or has ended; nothing was changed. Read it at `GET /v1/jobs/{id}`; its generation can be deleted with `DELETE /v1/generations/{id}`."
    );

    public static readonly ProblemType IdempotencyMismatch = new(
        "idempotency-mismatch",
        422,
        "This Idempotency-Key was used with another body",
        "A key belongs to one request for 24 hours, and this request differs from the first. Nothing was reserved or sent. Send the first body to get its outcome, or use a new key."
    );

    public static readonly ProblemType QuotaExceeded = new(
        "quota-exceeded",
        429,
        "A quota is exceeded",
        "The request would exceed each quota in `violated-policies`; `detail` says what is left of each and when it resets. Nothing was reserved or sent. "
            + "Send it again after `Retry-After` seconds, or ask for fewer images. With `neverAdmitted` it needs more than a whole limit, and waiting does not help."
    );

    public static readonly ProblemType UpstreamRejected = new(
        "upstream-rejected",
        422,
        "Leonardo refused this request",
        "`reason` is `validation`, `moderation` (the prompt), `reference` (an image id) or `other`. The reservation was released; nothing was charged. Change the request."
    )
    {
        KeepsIdempotencyKey = true,
    };

    public static readonly ProblemType UpstreamCredentials = new(
        "upstream-credentials",
        502,
        "Leonardo refused the gateway's key",
        "The caller cannot fix this. The reservation was released; nothing was charged. Ask the operator to check the key of the Leonardo account."
    );

    public static readonly ProblemType UpstreamUnreachable = new(
        "upstream-unreachable",
        502,
        "Leonardo could not be reached",
        "No connection could be made, so nothing was sent. The reservation was released; nothing was charged. Try again later."
    );

    public static readonly ProblemType UpstreamOutOfCredit = new(
        "upstream-out-of-credit",
        503,
        "The organisation's Leonardo account is out of credit",
        "No request succeeds until credit is added. The reservation was released; nothing was charged. Ask the operator to add credit."
    );

    public static readonly ProblemType UpstreamSaturated = new(
        "upstream-saturated",
        503,
        "The organisation's Leonardo account is busy",
        "All slots of the account are in use, or its request rate is reached. The reservation was released; nothing was charged. Try again after `Retry-After` seconds."
    );

    public static readonly ProblemType StoreUnavailable = new(
        "store-unavailable",
        503,
        "The gateway's store is not available",
        "The gateway counts every request in its store, and admits none without it. Nothing was sent or charged. Try again after `Retry-After` seconds."
    );

    public static readonly ProblemType IdentityUnavailable = new(
        "identity-unavailable",
        503,
        "The identity provider is not available",
        "The request presents a token whose signing keys cannot be fetched from its issuer now, or is a sign-in at that issuer. The token may be valid. Nothing was reserved or sent. Try again after `Retry-After` seconds."
    );

    public static readonly ProblemType OutcomeUnknown = new(
        "outcome-unknown",
        502,
        "The request was sent, but its outcome is unknown",
        "Leonardo gave no answer that can be trusted, so the generation may exist. The gateway does not send it again, and its quota stays held until reconciliation has found out what happened. Repeat the same request, with its Idempotency-Key if it had one, to get the outcome once it is known: it is not sent again, and another charge is not possible. `reservationId` identifies it for the operator."
    )
    {
        OtherStatuses = [StatusCodes.Status504GatewayTimeout],
        KeepsIdempotencyKey = true,
    };

    public static readonly ProblemType Timeout = new(
        "timeout",
        504,
        "The images were not ready in time",
        "A front end whose answer is the images themselves waited 90 seconds for them. The generation goes on, and is charged once. Repeat the same request, with its Idempotency-Key if it had one: it waits for the same generation and is not charged again."
    );

    public static readonly ProblemType NotUnknown = new(
        "not-unknown",
        409,
        "The outcome of this reservation is not unknown",
        "Only an unknown outcome, or one that was written off, can be released or settled by an operator. This one has been decided, or was never unknown. Nothing was changed. Read the reservation again."
    );

    public static readonly ProblemType TooManyAttempts = new(
        "too-many-attempts",
        429,
        "This address sent too many wrong admin tokens",
        "Requests of this address to `/admin` with an invalid token, or with none, are refused for `Retry-After` seconds. Nothing was changed. A valid token passes at once."
    );

    public static readonly ProblemType Internal = new(
        "internal",
        500,
        "The gateway failed",
        "The gateway has a bug. Whether anything was charged is shown by `GET /v1/usage`. Give the `traceId` to the operator, who finds the cause in the log."
    );

    public static IReadOnlyList<ProblemType> All { get; } =
    [
        MalformedRequest,
        Validation,
        Unidentified,
        Suspended,
        Policy,
        HostNotAllowed,
        CrossSite,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        TooLarge,
        UnsupportedMediaType,
        RangeNotSatisfiable,
        IdempotencyInProgress,
        JobNotQueued,
        IdempotencyMismatch,
        QuotaExceeded,
        UpstreamRejected,
        UpstreamCredentials,
        UpstreamUnreachable,
        UpstreamOutOfCredit,
        UpstreamSaturated,
        StoreUnavailable,
        IdentityUnavailable,
        OutcomeUnknown,
        Timeout,
        NotUnknown,
        TooManyAttempts,
        Internal,
    ];
}
