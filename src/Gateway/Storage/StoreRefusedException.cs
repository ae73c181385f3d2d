using Gateway.Edge;

namespace Gateway.Storage;

/// <summary>
/// The store can be reached, and must not be used: a newer schema, a second process on the file, a damaged file. Trying
/// again does not help, so the gateway does not start; if it happens later, requests are answered as in an outage.
/// </summary>
internal sealed class StoreRefusedException(string message, Exception? inner = null) : StoreUnavailableException(message, inner);
