using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Hourglass.Collectives;

/// <summary>Collective calls over messages between pairs of ranks.</summary>
/// <remarks>Sums follow a tree that depends on nothing but the number of ranks, so the bits do not depend on the MPI library, its version or where ranks run.
/// Long vectors are summed by recursive halving and doubling (Thakur, Rabenseifner and Gropp 2005, https://doi.org/10.1177/1094342005051521): each rank sends and receives
/// twice the vector's length at most, in 2 log2(ranks) rounds.</remarks>
internal sealed unsafe class RankGroup(ITransport transport) : ICollective
{
    private const int ShortBytes = 4096; // up to here latency counts, not length: whole vectors are exchanged
    private readonly int _even = EvenRanks(transport.Size);
    private readonly List<SumRoom> _rooms = [];
    private byte[] _scratch = [];
    private SharedSlots? _copies; // of values that lie elsewhere
    private bool _hasSlots = transport.SharesMemory && transport.Size > 1;

    public int Rank => transport.Rank;

    public int Size => transport.Size;

    public string Description => $"{transport.Description}, {Size} ranks";

    /// <summary>Ranks in the tree; the others add to one of them first.</summary>
    public static int EvenRanks(int size) => (int)BitOperations.RoundUpToPowerOf2((uint)size + 1) / 2;

    public SumRoom Room(long length)
    {
        if (!_hasSlots || SharedSlots.Open(this, length) is not { } slots)
        {
            return new SumRoom(length);
        }

        var room = new SumRoom(slots, ended => _rooms.Remove(ended));
        _rooms.Add(room);
        return room;
    }

    public void Sum(Span<float> values)
    {
        if (SlotsOf(values) is { } slots)
        {
            slots.Sum(values.Length);
        }
        else if (values.Length * sizeof(float) > ShortBytes && Copies(values.Length) is { } copies)
        {
            var room = new Span<float>(copies.Own, values.Length);
            values.CopyTo(room);
            copies.Sum(values.Length);
            room.CopyTo(values);
        }
        else
        {
            SumOf(values);
        }
    }

    public void Sum(Span<double> values) => SumOf(values);

    public void Broadcast(Span<byte> values)
    {
        for (var reach = 1; reach < Size; reach *= 2)
        {
            if (Rank < reach && Rank + reach < Size)
            {
                transport.Exchange(Rank + reach, values, -1, default);
            }
            else if (Rank >= reach && Rank < 2 * reach)
            {
                transport.Exchange(-1, default, Rank - reach, values);
            }
        }
    }

    public byte[][] Gather(ReadOnlySpan<byte> values)
    {
        Span<double> lengths = new double[Size];
        lengths[Rank] = values.Length;
        Sum(lengths);
        var all = new byte[Size][];
        all[Rank] = values.ToArray();
        for (var distance = 1; distance < Size; distance++)
        {
            var (to, from) = ((Rank + distance) % Size, (Rank - distance + Size) % Size);
            all[from] = new byte[(int)lengths[from]];
            transport.Exchange(to, values, from, all[from]);
        }

        return all;
    }

    public void Pass(int from, int to, Span<byte> values)
    {
        if (from != to && Rank == from)
        {
            transport.Exchange(to, values, -1, default);
        }
        else if (from != to && Rank == to)
        {
            transport.Exchange(-1, default, from, values);
        }
    }

    public void Abort(int exitCode) => transport.Abort(exitCode);

    public void Dispose()
    {
        _copies?.Dispose();
        transport.Dispose();
    }

    // The room that the values fill or begin.
    private SharedSlots? SlotsOf(Span<float> values)
    {
        fixed (float* first = values)
        {
            var address = (nint)first;
            return _rooms.Find(room => room.Address == address)?.Slots;
        }
    }

    private SharedSlots? Copies(long length)
    {
        if (_hasSlots && (_copies is null || _copies.Length < length))
        {
            _copies?.Dispose();
            _copies = SharedSlots.Open(this, length);
            _hasSlots = _copies is not null;
        }

        return _copies;
    }

    private void SumOf<T>(Span<T> values)
        where T : unmanaged, INumber<T>
    {
        var bytes = MemoryMarshal.AsBytes(values);
        if (Rank >= _even)
        {
            transport.Exchange(Rank - _even, bytes, -1, default);
            transport.Exchange(-1, default, Rank - _even, bytes);
            return;
        }

        var guest = Rank + _even < Size ? Rank + _even : -1;
        if (guest >= 0)
        {
            AddFrom(guest, values, -1, default);
        }

        if (bytes.Length <= ShortBytes)
        {
            for (var distance = _even / 2; distance > 0; distance /= 2)
            {
                AddFrom(Rank ^ distance, values, Rank ^ distance, bytes);
            }
        }
        else
        {
            HalveAndDouble(values, 0, values.Length, _even / 2);
        }

        if (guest >= 0)
        {
            transport.Exchange(guest, bytes, -1, default);
        }
    }

    // Each of two ranks adds up one half of a run, together with those that share the rank's half, then the two exchange what they have.
    private void HalveAndDouble<T>(Span<T> values, int first, int last, int distance)
        where T : unmanaged, INumber<T>
    {
        if (distance == 0)
        {
            return;
        }

        var (partner, middle) = (Rank ^ distance, first + ((last - first) / 2));
        var ((from, to), (otherFrom, otherTo)) = (Rank & distance) == 0 ? ((first, middle), (middle, last)) : ((middle, last), (first, middle));
        AddFrom(partner, values[from..to], partner, MemoryMarshal.AsBytes(values[otherFrom..otherTo]));
        HalveAndDouble(values, from, to, distance / 2);
        transport.Exchange(partner, MemoryMarshal.AsBytes(values[from..to]), partner, MemoryMarshal.AsBytes(values[otherFrom..otherTo]));
    }

    // Which of the two is added to the other does not matter: adding two numbers commutes, to the bit.
    private void AddFrom<T>(int from, Span<T> values, int to, ReadOnlySpan<byte> sent)
        where T : unmanaged, INumber<T>
    {
        var length = MemoryMarshal.AsBytes(values).Length;
        if (_scratch.Length < length)
        {
            _scratch = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        }

        var received = _scratch.AsSpan(0, length);
        transport.Exchange(to, sent, from, received);
        TensorPrimitives.Add(values, MemoryMarshal.Cast<byte, T>(received), values);
    }
}
