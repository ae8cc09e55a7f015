namespace Hourglass;

/// <summary>Options that cannot make a model; all faults at once, each with its remedy.</summary>
public sealed class OptionsException : HourglassException
{
    /// <summary>Creates the fault.</summary>
    /// <param name="faults">One sentence for each fault.</param>
    public OptionsException(IReadOnlyList<string> faults)
        : base(faults.Count == 1 ? faults[0] : $"{faults.Count} faults in the options:\n" + string.Join("\n", faults.Select(fault => "  - " + fault))) =>
        Faults = faults;

    /// <summary>One sentence for each fault.</summary>
    public IReadOnlyList<string> Faults { get; }
}
