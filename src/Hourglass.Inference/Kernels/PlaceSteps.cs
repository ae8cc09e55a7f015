namespace Hourglass.Kernels;

/// <summary>How eight values walk through memory while weights, or gradients, are read one row after another: some lines of equally many steps.</summary>
/// <param name="Start">Where the values are first, from their places.</param>
/// <param name="Lines">Lines.</param>
/// <param name="LineStep">From the start of a line to the next one's.</param>
/// <param name="Steps">Steps of a line.</param>
/// <param name="Step">Between two of them.</param>
/// <param name="RowStep">From one row of weights to the next.</param>
/// <param name="RowSkip">From the row after a line's last to the first of the next line.</param>
internal readonly record struct PlaceSteps(nint Start, nint Lines, nint LineStep, nint Steps, nint Step, nint RowStep, nint RowSkip = 0);
