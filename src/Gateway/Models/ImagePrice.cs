namespace Gateway.Models;

/// <summary>What a request costs, exact before it is sent. Each way of pricing is one subclass.</summary>
internal abstract record ImagePrice
{
    /// <summary>
    /// The formula in words, for <c>GET /v2/models</c>. It may name members of <see cref="ModelPrice"/>.
    /// </summary>
    public abstract string Rule { get; }

    /// <summary>Price of one request in micro-dollars. A larger request never costs less.</summary>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="quantity">Images.</param>
    public abstract long Micros(int width, int height, int quantity, bool hasReferences);

    public virtual ModelPrice ToModelPrice(IReadOnlyList<PriceExample> examples) => new(Rule, null, null, examples);
}
