namespace Hourglass.Training;

/// <summary>Writes a run's state at the ends of epochs, as often as that costs little of the run's time; what is not written yet follows when the run ends, in whatever way.</summary>
/// <param name="path">Where to; nothing is written when null.</param>
/// <param name="identity">What the run depends on.</param>
/// <param name="clock">Tells what a checkpoint costs.</param>
internal sealed class Checkpoints(string? path, string identity, TimeProvider clock)
{
    private const int Share = 50; // one part in so many of the time may go into checkpoints, unless that means to wait too long
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private TimeSpan _cost; // of the last one: the first is written at once
    private long _written = clock.GetTimestamp();
    private int _epochs; // when the state was last whole
    private bool _isPending;

    /// <summary>An epoch has ended, and the state is whole.</summary>
    public void EpochEnded(TrainingState state)
    {
        (_epochs, _isPending) = (state.Epochs.Count, path is not null);
        if (_isPending && clock.GetElapsedTime(_written) >= Wait(_cost))
        {
            Write(state);
        }
    }

    /// <summary>The run ends: with the last epoch, or in the middle of one.</summary>
    /// <param name="state">As it is.</param>
    /// <param name="restore">Brings back the weights and moments of the last epoch's end; not called where nothing is to be written.</param>
    public void RunEnded(TrainingState state, Action? restore = null)
    {
        if (_isPending && state.Epochs.Count == _epochs)
        {
            restore?.Invoke();
            Write(state);
        }
    }

    /// <summary>How long the next checkpoint waits.</summary>
    /// <param name="cost">What the last one took.</param>
    internal static TimeSpan Wait(TimeSpan cost) => cost > LongestWait / Share ? LongestWait : cost * Share;

    private void Write(TrainingState state)
    {
        _isPending = false;
        var start = clock.GetTimestamp();
        state.Save(path!, identity);
        _written = clock.GetTimestamp();
        _cost = clock.GetElapsedTime(start, _written);
    }
}
