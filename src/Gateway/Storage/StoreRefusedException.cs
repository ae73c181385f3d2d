namespace Gateway.Storage;

/// <summary>The store can be reached, and must not be used: a newer schema, a second process on the file, a damaged file. Trying again does not help; the gateway does not start.</summary>
internal sealed class StoreRefusedException(string message, Exception? inner = null) : Exception(message, inner);
