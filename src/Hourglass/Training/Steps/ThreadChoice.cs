namespace Hourglass.Training.Steps;

/// <summary>How many threads share a step: as many as there are, or half, or a quarter and so on to one, whichever is fastest.</summary>
/// <remarks>A step of tens of microseconds can take longer on two threads than on one: lines go from one processor's cache to another's, and where somebody else works on one of the processors the others wait for it. Both change while a program
/// runs, so now and then some steps are taken on the next fewer or the next more threads and compared. No bit of a result depends on it.</remarks>
internal sealed class ThreadChoice
{
    private const int FirstSteps = 64; // compiled meanwhile
    private const int BlockSteps = 8; // in turn, so that what else goes on meets both; the first wakes threads and does not count
    private const int Blocks = 4;
    private const double Gain = 0.95; // the other number must take at most so much of the time
    private const int Pause = 50; // comparisons' time from one to the next
    private const double LongestStep = 2e-3; // seconds; threads are worth it beyond
    private readonly List<double>[] _times = [[], []];
    private readonly int _most;
    private int _steps;
    private double _left; // seconds of steps until the next comparison
    private double _spent; // on this comparison
    private bool _goesUp;
    private int _other; // 0 while nothing is compared

    /// <summary>Begins with all of them.</summary>
    /// <param name="most">Threads that there are.</param>
    public ThreadChoice(int most) => Best = _most = Math.Max(1, most);

    /// <summary>Threads for the next step.</summary>
    public int Threads => _other > 0 && _steps / BlockSteps % 2 == 1 ? _other : Best;

    /// <summary>What has been fastest.</summary>
    public int Best { get; private set; }

    /// <summary>Told after each step.</summary>
    /// <param name="seconds">What it took on as many threads as were asked for.</param>
    public void Took(double seconds)
    {
        if (_other > 0)
        {
            Compare(seconds);
            return;
        }

        _left -= seconds;
        if (++_steps >= FirstSteps && _left <= 0 && seconds <= LongestStep && _most > 1)
        {
            _goesUp = Best == 1 || (_goesUp && Best < _most);
            Begin();
        }
    }

    private void Begin()
    {
        _other = _goesUp ? Math.Min(_most, 2 * Best) : Best / 2;
        (_steps, _spent) = (0, 0);
        Array.ForEach(_times, times => times.Clear());
    }

    private void Compare(double seconds)
    {
        _spent += seconds;
        if (_steps % BlockSteps > 0)
        {
            _times[_steps / BlockSteps % 2].Add(seconds);
        }

        if (++_steps < Blocks * BlockSteps)
        {
            return;
        }

        var isFaster = Median(_times[1]) <= Gain * Median(_times[0]);
        Best = isFaster ? _other : Best;
        (_steps, _other) = (FirstSteps, 0);
        if (isFaster && (_goesUp ? Best < _most : Best > 1))
        {
            Begin();
            return;
        }

        _goesUp = isFaster ? _goesUp : !_goesUp;
        _left = Pause * _spent;
    }

    private static double Median(List<double> times)
    {
        times.Sort();
        return times[times.Count / 2];
    }
}
