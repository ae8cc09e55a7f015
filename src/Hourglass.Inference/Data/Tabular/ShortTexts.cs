using System.Numerics;
using System.Runtime.InteropServices;

namespace Hourglass.Data.Tabular;

/// <summary>Short texts with how often the training part has them, in order of their first appearance: a text is two registers here, and no string before somebody asks.</summary>
internal sealed class ShortTexts
{
    /// <summary>Longest text, in bytes.</summary>
    public const int Longest = 15; // and its length in the sixteenth

    private const int FirstSlots = 256;
    private const ulong Multiplier = 0x9E3779B97F4A7C15; // the golden ratio's fraction: Knuth, The Art of Computer Programming 3, 6.4
    private readonly List<(ulong Low, ulong High, long Count)> _texts = [];
    private Func<double, string>? _written; // of numbers that are counted in place of their texts
    private int[] _slots = new int[FirstSlots]; // 1 + a text's place, or 0

    /// <summary>How many.</summary>
    public int Count => _texts.Count;

    /// <summary>The texts; of numbers, as they are written.</summary>
    public IEnumerable<KeyValuePair<string, long>> All => _texts.Select(text => KeyValuePair.Create(_written is null ? TextOf(text.Low, text.High) : _written(BitConverter.UInt64BitsToDouble(text.Low)), text.Count));

    /// <summary>Counts a number in place of its text.</summary>
    /// <param name="number">Not not-a-number.</param>
    /// <param name="written">Its text; differs between numbers whose bytes do.</param>
    /// <param name="isTraining">Whether it is of the training part.</param>
    public void Add(double number, Func<double, string> written, bool isTraining)
    {
        _written = written;
        Add(BitConverter.DoubleToUInt64Bits(number), 0, isTraining);
    }

    /// <summary>Counts a text.</summary>
    /// <param name="text">ASCII, of at most <see cref="Longest"/> bytes.</param>
    /// <param name="isTraining">Whether it is of the training part.</param>
    public void Add(ReadOnlySpan<byte> text, bool isTraining)
    {
        Span<ulong> key = stackalloc ulong[2];
        key.Clear();
        text.CopyTo(MemoryMarshal.AsBytes(key));
        MemoryMarshal.AsBytes(key)[Longest] = (byte)text.Length;
        Add(key[0], key[1], isTraining);
    }

    private void Add(ulong low, ulong high, bool isTraining)
    {
        var slot = SlotOf(low, high);
        for (; _slots[slot] != 0; slot = (slot + 1) & (_slots.Length - 1))
        {
            ref var held = ref CollectionsMarshal.AsSpan(_texts)[_slots[slot] - 1];
            if (held.Low == low && held.High == high)
            {
                held.Count += isTraining ? 1 : 0;
                return;
            }
        }

        _texts.Add((low, high, isTraining ? 1 : 0));
        _slots[slot] = _texts.Count;
        if (2 * _texts.Count > _slots.Length)
        {
            Grow();
        }
    }

    private int SlotOf(ulong low, ulong high)
    {
        var hash = (low ^ BitOperations.RotateLeft(high * Multiplier, 29)) * Multiplier;
        return (int)((hash ^ (hash >> 32)) * Multiplier >> 33) & (_slots.Length - 1);
    }

    private void Grow()
    {
        _slots = new int[4 * _slots.Length];
        for (var place = 0; place < _texts.Count; place++)
        {
            var slot = SlotOf(_texts[place].Low, _texts[place].High);
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & (_slots.Length - 1);
            }

            _slots[slot] = place + 1;
        }
    }

    private static string TextOf(ulong low, ulong high)
    {
        ReadOnlySpan<ulong> key = [low, high];
        return System.Text.Encoding.ASCII.GetString(MemoryMarshal.AsBytes(key)[..(int)(high >> 56)]);
    }
}
