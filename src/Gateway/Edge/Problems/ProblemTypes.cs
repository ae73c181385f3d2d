namespace Gateway.Edge.Problems;

/// <summary>Every refusal the gateway can give. There is no other list, and no answer of 400 or more without one of these.</summary>
internal static class ProblemTypes
{
    public static readonly ProblemType MalformedRequest = new(
        "malformed-request",
        400,
        "The request is not well-formed",
        "The body is not strict JSON in UTF-8 (a duplicate member, a comment, a trailing comma and anything after the value count as faults), or a header is malformed. Nothing was reserved, nothing was sent. Correct the request and send it again."
    )
    {
        OtherStatuses = [StatusCodes.Status408RequestTimeout],
    };

    public static readonly ProblemType Validation = new(
        "validation",
        400,
        "The request breaks one or more rules",
        "Each entry of `errors` names the place (`pointer`, RFC 6901), a stable `code` and what is allowed there. All faults are listed at once. Nothing was reserved, nothing was sent."
    );

    public static readonly ProblemType Unidentified = new(
        "unidentified",
        401,
        "The gateway does not know which tenant is calling",
        "No tenant could be established, or a credential was presented that is not valid. A presented credential decides alone; there is no fall-back to the network. `detail` says what was seen and what an operator would change."
    );

    public static readonly ProblemType Suspended = new(
        "suspended",
        403,
        "This tenant is suspended",
        "An operator has suspended the tenant. Its results stay readable to nobody until it is resumed. Ask the operator of the gateway."
    );

    public static readonly ProblemType Policy = new(
        "policy",
        403,
        "The tenant's policy does not allow this",
        "The request is valid, but this tenant may not do it. `errors` names each part that is not allowed. Nothing was reserved, nothing was sent."
    );

    public static readonly ProblemType HostNotAllowed = new(
        "host-not-allowed",
        403,
        "This host name or origin may not use an identity by network",
        "A caller known only by its network must name the gateway by an address, a single-label name, a name under .internal, .local, .lan or .svc, or one listed in `Identification:Hosts`, and must not come from a foreign web page. This stops DNS rebinding and cross-site posts. Present a token, or have the operator list the name."
    );

    public static readonly ProblemType NotFound = new(
        "not-found",
        404,
        "There is nothing here for this tenant",
        "The route does not exist, or the generation, image or upload is not this tenant's. The answer is the same whether it exists or not."
    );

    public static readonly ProblemType MethodNotAllowed = new(
        "method-not-allowed",
        405,
        "This method is not allowed here",
        "The route exists, with other methods: see the `Allow` header."
    );

    public static readonly ProblemType NotAcceptable = new(
        "not-acceptable",
        406,
        "None of the accepted media types can be produced",
        "The `Accept` header excludes what this route answers with. Send `Accept: application/json`, or leave it out."
    );

    public static readonly ProblemType TooLarge = new(
        "too-large",
        413,
        "The request body is too large",
        "A generation request may have 128 KiB, an upload 25 MB. Nothing was reserved, nothing was sent."
    );

    public static readonly ProblemType UnsupportedMediaType = new(
        "unsupported-media-type",
        415,
        "The request body has a media type that is not supported here",
        "Send `Content-Type: application/json` in UTF-8, without a `Content-Encoding`."
    );

    public static readonly ProblemType RangeNotSatisfiable = new(
        "range-not-satisfiable",
        416,
        "The range lies outside the image",
        "`Content-Range` says how long the image is. Ask for a part of it, or leave `Range` out."
    );

    public static readonly ProblemType IdempotencyInProgress = new(
        "idempotency-in-progress",
        409,
        "A request with this Idempotency-Key is still running",
        "The first request with this key has no outcome yet. It is charged once whatever happens here. Ask again after `Retry-After` seconds with the same key and body."
    );

    public static readonly ProblemType IdempotencyMismatch = new(
        "idempotency-mismatch",
        422,
        "This Idempotency-Key was used with another body",
        "A key belongs to one request for 24 hours. Send the first body again to get its outcome, or use a new key."
    );

    public static readonly ProblemType QuotaExceeded = new(
        "quota-exceeded",
        429,
        "A quota does not admit this request",
        "`violated-policies` names each quota that would be overspent. Nothing was reserved, nothing was sent. `Retry-After` says when all of them may admit it."
    );

    public static readonly ProblemType UpstreamRejected = new(
        "upstream-rejected",
        422,
        "Leonardo refused this request",
        "`reason` says which way: `validation`, `moderation` (the prompt), `reference` (an image id) or `other`. What was reserved has been released; the tenant is not charged. Change the request."
    );

    public static readonly ProblemType UpstreamCredentials = new(
        "upstream-credentials",
        502,
        "Leonardo refused the gateway's key",
        "This is the operator's to mend, never the caller's. What was reserved has been released; the tenant is not charged."
    );

    public static readonly ProblemType UpstreamUnreachable = new(
        "upstream-unreachable",
        502,
        "Leonardo could not be reached",
        "No connection could be made, so nothing was sent. What was reserved has been released; the tenant is not charged. Try again later."
    );

    public static readonly ProblemType UpstreamOutOfCredit = new(
        "upstream-out-of-credit",
        503,
        "The organisation's Leonardo account is out of credit",
        "The operator has to add credit. What was reserved has been released; the tenant is not charged."
    );

    public static readonly ProblemType UpstreamSaturated = new(
        "upstream-saturated",
        503,
        "The organisation's Leonardo account is busy",
        "All slots of the account are in use, or its request rate is reached. What was reserved has been released; the tenant is not charged. Try again after `Retry-After` seconds."
    );

    public static readonly ProblemType StoreUnavailable = new(
        "store-unavailable",
        503,
        "The gateway's store is not available",
        "Without its ledger the gateway admits nothing: no request goes uncounted. Nothing was sent. Try again after `Retry-After` seconds."
    );

    public static readonly ProblemType OutcomeUnknown = new(
        "outcome-unknown",
        502,
        "The request was sent, but no trustworthy answer came",
        "The generation may exist. The gateway never sends it again by itself; the quota stays held until the reconciler has found out what happened. `reservationId` names it; repeating the request with its Idempotency-Key gives the outcome once it is known."
    )
    {
        OtherStatuses = [StatusCodes.Status504GatewayTimeout],
    };

    public static readonly ProblemType NotUnknown = new(
        "not-unknown",
        409,
        "The outcome of this reservation is not unknown",
        "Only an unknown outcome, or one that was written off, can be released or settled by hand. It has been decided meanwhile, or was never open."
    );

    public static readonly ProblemType TooManyAttempts = new(
        "too-many-attempts",
        429,
        "Too many bad admin tokens came from this address",
        "The address is not listened to for `Retry-After` seconds, not even with a good token."
    );

    public static readonly ProblemType Internal = new(
        "internal",
        500,
        "The gateway has a fault",
        "A bug. The operator finds it in the log by `traceId`."
    );

    public static IReadOnlyList<ProblemType> All { get; } =
    [
        MalformedRequest,
        Validation,
        Unidentified,
        Suspended,
        Policy,
        HostNotAllowed,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        TooLarge,
        UnsupportedMediaType,
        RangeNotSatisfiable,
        IdempotencyInProgress,
        IdempotencyMismatch,
        QuotaExceeded,
        UpstreamRejected,
        UpstreamCredentials,
        UpstreamUnreachable,
        UpstreamOutOfCredit,
        UpstreamSaturated,
        StoreUnavailable,
        OutcomeUnknown,
        NotUnknown,
        TooManyAttempts,
        Internal,
    ];
}
