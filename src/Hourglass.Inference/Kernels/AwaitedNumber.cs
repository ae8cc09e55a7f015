namespace Hourglass.Kernels;

/// <summary>A number that some threads change and others wait for.</summary>
/// <remarks>Who waits spins for a tenth of a millisecond and then sleeps. Most waits here are over sooner than a thread falls asleep and wakes, and a thread that yields its core may get it back only a
/// time slice later; but threads that only spin keep a busy machine from the very work they wait for.</remarks>
/// <param name="value">What it is at first.</param>
internal sealed class AwaitedNumber(int value)
{
    private const int Spins = 3000; // of about 35 ns
    private readonly object _gate = new();
    private int _value = value;
    private int _asleep;

    /// <summary>What it is now.</summary>
    public int Value => Volatile.Read(ref _value);

    /// <summary>Threads that sleep until it changes.</summary>
    public int Asleep => Volatile.Read(ref _asleep);

    /// <summary>Sets it and wakes all who wait.</summary>
    public void Set(int value)
    {
        Volatile.Write(ref _value, value);
        Wake(int.MaxValue);
    }

    /// <summary>Counts one up and wakes who waits.</summary>
    /// <param name="most">Threads to wake, at most; those that spin see the number by themselves.</param>
    public void Increment(int most = int.MaxValue)
    {
        Interlocked.Increment(ref _value);
        Wake(most);
    }

    /// <summary>Counts one down; at zero all who wait are woken.</summary>
    public void Decrement()
    {
        if (Interlocked.Decrement(ref _value) == 0)
        {
            Wake(int.MaxValue);
        }
    }

    /// <summary>Waits until it is a value.</summary>
    public void Await(int value) => Await(value, isEqual: true);

    /// <summary>Waits until it is another value.</summary>
    public void AwaitOther(int value) => Await(value, isEqual: false);

    private void Await(int value, bool isEqual)
    {
        for (var spin = 0; spin < Spins; spin++)
        {
            if ((Volatile.Read(ref _value) == value) == isEqual)
            {
                return;
            }

            Thread.SpinWait(1);
        }

        lock (_gate)
        {
            Interlocked.Increment(ref _asleep); // before the number is looked at, as whoever changes it looks here afterwards: one of both sees the other
            while ((Volatile.Read(ref _value) == value) != isEqual)
            {
                Monitor.Wait(_gate);
            }

            _asleep--;
        }
    }

    private void Wake(int most)
    {
        Interlocked.MemoryBarrier();
        if (Asleep == 0)
        {
            return;
        }

        lock (_gate)
        {
            for (var woken = 0; woken < Math.Min(most, _asleep); woken++)
            {
                Monitor.Pulse(_gate);
            }
        }
    }
}
