namespace Hourglass.Collectives;

/// <summary>Messages over MPI.</summary>
internal sealed unsafe class MpiTransport : ITransport
{
    private const int Most = 1 << 30; // bytes in one call, whose counts are 32 bits wide
    private readonly MpiLibrary _library;
    private bool _isOver;

    public MpiTransport(MpiLibrary library, MpiLauncher launcher)
    {
        _library = library;
        SharesMemory = OperatingSystem.IsLinux() && launcher.LocalSize == launcher.Size && Environment.GetEnvironmentVariable(Collective.SharedMemoryVariable) != "0";
        (Rank, Size) = library.Start();
        if (Size != launcher.Size)
        {
            throw new HourglassException(
                $"{launcher.Name}'s launcher started {launcher.Size} processes ({launcher.Variable}), but in {library.Path} this one is rank {Rank} of {Size}: the library and the launcher do not belong together. Name the launcher's own library in {MpiLibrary.PathVariable}.");
        }
    }

    public int Rank { get; }

    public int Size { get; }

    public string Description => MpiLauncher.FamilyName(_library.Family);

    public bool SharesMemory { get; }

    public void Exchange(int to, ReadOnlySpan<byte> sent, int from, Span<byte> received)
    {
        fixed (byte* source = sent, target = received)
        {
            var (out1, in1) = (0L, 0L);
            do
            {
                var (sending, receiving) = ((int)Math.Min(Most, sent.Length - out1), (int)Math.Min(Most, received.Length - in1));
                _library.Exchange(to, source + out1, sending, from, target + in1, receiving);
                (out1, in1) = (out1 + sending, in1 + receiving);
            }
            while (out1 < sent.Length || in1 < received.Length);
        }
    }

    public void Abort(int exitCode) => _library.Abort(exitCode);

    public void Dispose()
    {
        if (!_isOver)
        {
            _isOver = true;
            _library.Stop();
        }
    }
}
