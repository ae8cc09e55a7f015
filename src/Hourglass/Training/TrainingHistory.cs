using System.Text.Json.Serialization;

namespace Hourglass.Training;

/// <summary>What one epoch did.</summary>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="TrainingLoss">Mean loss per value over the epoch's steps, noise and dropout included.</param>
/// <param name="ValidationLoss">Mean loss per value on the held-out part, without noise; null when nothing is held out.</param>
/// <param name="LearningRate">Step size at the epoch's end.</param>
public sealed record EpochRecord(int Epoch, double TrainingLoss, double? ValidationLoss, double LearningRate);

/// <summary>Why training ended.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<StopReason>))]
public enum StopReason
{
    /// <summary>All epochs are done.</summary>
    Completed,

    /// <summary>The validation loss stopped improving.</summary>
    EarlyStopped,

    /// <summary>The user stopped it; the best weights so far are kept.</summary>
    Interrupted,
}

/// <summary>A whole run.</summary>
/// <param name="Epochs">Each epoch.</param>
/// <param name="BestEpoch">The epoch whose weights were kept, counted from 1; 0 when none was finished.</param>
/// <param name="StopReason">Why it ended.</param>
/// <param name="Notes">What happened on the way: rollbacks, smaller steps.</param>
/// <param name="Seconds">Time in steps and validation, over all resumed parts.</param>
/// <param name="SamplesPerSecond">Training samples a second, validation included.</param>
public sealed record TrainingHistory(
    IReadOnlyList<EpochRecord> Epochs, int BestEpoch, StopReason StopReason, IReadOnlyList<string> Notes, double Seconds, double SamplesPerSecond)
{
    /// <summary>What computed the steps; null in files of older versions.</summary>
    public string? Engine { get; init; }

    /// <summary>Where the time went, without the parts before a resumption; null in files.</summary>
    [JsonIgnore]
    public TrainingProfile? Profile { get; init; }
}

/// <summary>What a display may show while training runs.</summary>
/// <param name="Epoch">The running epoch, counted from 1.</param>
/// <param name="Epochs">Most epochs.</param>
/// <param name="EpochShare">Share of the running epoch done, 0 to 1; 1 marks its end.</param>
/// <param name="TrainingLoss">Mean loss per value of the running epoch.</param>
/// <param name="ValidationLoss">Of the epoch just ended; null within an epoch.</param>
/// <param name="BestValidationLoss">The best so far.</param>
/// <param name="SamplesPerSecond">Training speed.</param>
/// <param name="Remaining">Time left if all epochs are run.</param>
/// <param name="Note">Something that happened: a rollback, a smaller step.</param>
public sealed record TrainingProgress(
    int Epoch, int Epochs, double EpochShare, double TrainingLoss, double? ValidationLoss, double? BestValidationLoss, double SamplesPerSecond, TimeSpan Remaining, string? Note = null);
