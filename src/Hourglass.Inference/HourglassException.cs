namespace Hourglass;

/// <summary>A fault that the person at the keyboard can mend: wrong data, wrong options, a broken file.</summary>
/// <remarks>The message says what was expected, what came (file, line, column, shape, value) and what to do.
/// The command line prints it as one line and exits with 1; any other exception is a fault of Hourglass.</remarks>
public class HourglassException : Exception
{
    /// <summary>Creates the fault.</summary>
    /// <param name="message">What was expected, what came, what to do.</param>
    /// <param name="innerException">What the platform said, if it said something.</param>
    public HourglassException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
