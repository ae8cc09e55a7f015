namespace Hourglass.Data.Stores;

/// <summary>Bytes of a file that are read at once.</summary>
/// <param name="Start">Place of the first in the file.</param>
/// <param name="Length">How many are asked for; the file may end before.</param>
/// <param name="Needed">How many must come.</param>
/// <param name="Target">Where in memory they go.</param>
internal readonly record struct FileRun(long Start, int Length, int Needed, nint Target);
