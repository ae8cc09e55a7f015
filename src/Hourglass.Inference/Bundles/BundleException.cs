namespace Hourglass.Bundles;

/// <summary>A model file that is truncated, altered, oversized, or of a version this program does not know.</summary>
public sealed class BundleException : HourglassException
{
    /// <summary>Creates the fault.</summary>
    /// <param name="message">Names the file and the part of it that is wrong.</param>
    /// <param name="innerException">What the platform said, if it said something.</param>
    public BundleException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
