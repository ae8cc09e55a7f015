namespace Hourglass.Data;

/// <summary>Data that cannot be read as what it claims to be.</summary>
public sealed class DataException : HourglassException
{
    /// <summary>Creates the fault.</summary>
    /// <param name="message">Names the file, and the line and column where there are such.</param>
    /// <param name="innerException">What the platform said, if it said something.</param>
    public DataException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
