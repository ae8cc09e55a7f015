namespace Hourglass.Data;

/// <summary>Progress of a part of the work, told as progress of the whole.</summary>
/// <param name="whole">Told the share done of the whole.</param>
/// <param name="first">The share at the part's start.</param>
/// <param name="last">The share at its end.</param>
internal sealed class PartOfProgress(IProgress<double> whole, double first, double last) : IProgress<double>
{
    /// <summary>Nobody to tell where nobody wants to know of the whole.</summary>
    public static PartOfProgress? Of(IProgress<double>? whole, double first, double last) => whole is null ? null : new PartOfProgress(whole, first, last);

    /// <inheritdoc/>
    public void Report(double value) => whole.Report(first + ((last - first) * value));
}
