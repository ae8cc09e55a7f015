using System.Diagnostics;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>The work of a step in order: threads share the rows until something has to see the whole batch.</summary>
/// <param name="clock">Told where the time goes. Threads do the same side by side: the first one's time stands for all.</param>
internal sealed class FusedProgram(TrainingClock clock)
{
    private readonly List<(List<(TrainingPhase Phase, RowWork Work)> Rows, Action? Batch)> _pieces = [([], null)];

    /// <summary>Some work on a thread's rows.</summary>
    /// <param name="thread">Its number.</param>
    /// <param name="first">First row.</param>
    /// <param name="last">After the last.</param>
    public delegate void RowWork(int thread, int first, int last);

    /// <summary>Pieces that end with a look at the whole batch, the last one perhaps without.</summary>
    public int Pieces => _pieces.Count;

    /// <summary>Adds work that each thread does on its rows.</summary>
    /// <param name="phase">What its time counts as.</param>
    /// <param name="work">The work.</param>
    public void Add(TrainingPhase phase, RowWork work) => _pieces[^1].Rows.Add((phase, work));

    /// <summary>Adds work on the whole batch: what was added before is complete then, what is added later has not begun.</summary>
    public void Meet(Action work)
    {
        _pieces[^1] = (_pieces[^1].Rows, work);
        _pieces.Add(([], null));
    }

    /// <summary>Adds work on the whole batch that threads share in another way than by rows.</summary>
    /// <param name="phase">What its time counts as.</param>
    /// <param name="crew">The threads.</param>
    /// <param name="work">The work; told the thread's number.</param>
    public void Share(TrainingPhase phase, WorkCrew crew, Action<int> work) => Meet(() =>
    {
        var mark = Stopwatch.GetTimestamp();
        crew.Run(work);
        clock.End(phase, mark);
    });

    /// <summary>Does some of the pieces.</summary>
    /// <param name="crew">Shares the rows.</param>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="from">First piece.</param>
    /// <param name="to">After the last.</param>
    public void Run(WorkCrew crew, int rows, int from, int to)
    {
        for (var piece = from; piece < to; piece++)
        {
            var (work, batch) = _pieces[piece];
            if (work.Count > 0)
            {
                ForEachPart(crew, rows, (thread, first, last) => Run(work, thread, first, last));
            }

            batch?.Invoke();
        }
    }

    private void Run(List<(TrainingPhase Phase, RowWork Work)> parts, int thread, int first, int last)
    {
        var mark = Stopwatch.GetTimestamp();
        for (var part = 0; part < parts.Count; part++)
        {
            var (phase, work) = parts[part];
            work(thread, first, last);
            if (thread == 0 && (part + 1 == parts.Count || parts[part + 1].Phase != phase))
            {
                mark = clock.End(phase, mark);
            }
        }
    }

    /// <summary>Shares out rows, in multiples of a tile's.</summary>
    public static void ForEachPart(WorkCrew crew, int rows, RowWork work)
    {
        var tiles = DenseMap.Padded(rows, DenseMap.TileRows) / DenseMap.TileRows;
        crew.Run(thread =>
        {
            var (first, last) = (tiles * thread / crew.Size * DenseMap.TileRows, tiles * (thread + 1) / crew.Size * DenseMap.TileRows);
            if (last > first)
            {
                work(thread, first, last);
            }
        });
    }
}
