namespace Leonardo.Simulator;

public sealed class LeonardoSimulator { }
