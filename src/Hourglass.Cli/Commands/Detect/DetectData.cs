using Hourglass.Cli.Display;
using Hourglass.Data;
using Hourglass.Detection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>What a detector is given.</summary>
internal static class DetectData
{
    /// <summary>Reads a source as the detector takes it; how far it is, is shown once it takes long.</summary>
    public static PreparedData Apply(Screen screen, string path, ReadOptions read, Detector detector, CancellationToken cancellationToken)
    {
        var reading = new ReadingDisplay(screen, path);
        var data = DataFile.Apply(path, read, detector.Basis.Preprocessing, reading, cancellationToken);
        reading.End();
        return data;
    }
}
