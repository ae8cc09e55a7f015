using System.Diagnostics;

namespace Hourglass.Training;

/// <summary>Where the time of a run went, in seconds.</summary>
/// <remarks>The fused engine's threads each do gathering and both passes on their share of a batch; there the first thread's times are given, and waiting for the others is part of the rest.</remarks>
/// <param name="Steps">Updates of the weights.</param>
/// <param name="Gather">Reading batches, noise and corruption included where the fused engine draws them.</param>
/// <param name="Forward">From a batch to the loss.</param>
/// <param name="Backward">Gradients.</param>
/// <param name="Update">Weight penalties, clipping and the optimiser; in the fused engine also the gradients of the weights, which never leave the first cache.</param>
/// <param name="Exchange">Waiting for other ranks and adding up gradients with theirs; 0 in a run of one.</param>
/// <param name="Validation">Losses on the held-out part.</param>
/// <param name="Rest">Orders, snapshots, checkpoints, waiting.</param>
public sealed record TrainingProfile(long Steps, double Gather, double Forward, double Backward, double Update, double Exchange, double Validation, double Rest);

/// <summary>Parts of a run whose time is taken.</summary>
internal enum TrainingPhase
{
    /// <summary>Reading batches.</summary>
    Gather,

    /// <summary>From a batch to the loss.</summary>
    Forward,

    /// <summary>Gradients.</summary>
    Backward,

    /// <summary>The optimiser.</summary>
    Update,

    /// <summary>Sums over ranks.</summary>
    Exchange,

    /// <summary>Losses on the held-out part.</summary>
    Validation,
}

/// <summary>Adds up the time of each phase; a reading costs some 25 ns.</summary>
internal sealed class TrainingClock
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly long[] _spent = new long[Enum.GetValues<TrainingPhase>().Length];

    /// <summary>Steps counted.</summary>
    public long Steps { get; set; }

    /// <summary>What has been taken so far.</summary>
    public TrainingProfile Profile => new(
        Steps, Seconds(TrainingPhase.Gather), Seconds(TrainingPhase.Forward), Seconds(TrainingPhase.Backward), Seconds(TrainingPhase.Update), Seconds(TrainingPhase.Exchange), Seconds(TrainingPhase.Validation),
        Math.Max(0, Stopwatch.GetElapsedTime(_start).TotalSeconds - Stopwatch.GetElapsedTime(0, _spent.Sum()).TotalSeconds));

    /// <summary>Ends a phase.</summary>
    /// <param name="phase">Which.</param>
    /// <param name="since">When it began, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    /// <returns>Now: the beginning of the next.</returns>
    public long End(TrainingPhase phase, long since)
    {
        var now = Stopwatch.GetTimestamp();
        _spent[(int)phase] += now - since;
        return now;
    }

    private double Seconds(TrainingPhase phase) => Stopwatch.GetElapsedTime(0, _spent[(int)phase]).TotalSeconds;
}
