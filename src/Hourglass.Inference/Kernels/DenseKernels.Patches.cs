using System.Runtime.CompilerServices;

namespace Hourglass.Kernels;

/// <summary>Pictures taken apart into patches and put together again: with them, a product of rows is a convolution.</summary>
/// <remarks>Patches are made a few at a time in a thread's scratch, where they are used: a whole batch of them would go to memory and back.</remarks>
internal sealed unsafe partial class DenseKernels<TLanes, TVector>
{
    private const int FewChannels = 8; // below, a patch's rows are too short to be copied as runs

    [MethodImpl(KernelCode.ByItself)]
    public override void Gather(in PatchShape shape, float* pictures, long firstPlace, int count, int firstValue, int lastValue, float* patches)
    {
        if (shape.Channels < FewChannels && shape.Repeats is null)
        {
            NarrowPatches.Gather(shape, pictures, firstPlace, count, firstValue, lastValue, patches);
            return;
        }

        var stride = DenseMap.Stride(shape.Length);
        for (var number = 0; number < count; number++, patches += stride)
        {
            var place = new SmallPlace(shape, pictures, firstPlace + number);
            if (shape.Repeats is null)
            {
                GatherPatch(shape, new PatchCorner(shape, place.Picture, place.Row * shape.Step, place.Column * shape.Step), firstValue, lastValue, patches);
            }
            else
            {
                GatherSum(shape, place, firstValue, lastValue, patches);
            }
        }
    }

    [MethodImpl(KernelCode.ByItself)]
    public override void Scatter(in PatchShape shape, float* patches, long firstPlace, int count, float* pictures)
    {
        if (shape.Channels < FewChannels && shape.Repeats is null)
        {
            NarrowPatches.Scatter(shape, patches, firstPlace, count, pictures);
            return;
        }

        var stride = DenseMap.Stride(shape.Length);
        for (var number = 0; number < count; number++, patches += stride)
        {
            var place = new SmallPlace(shape, pictures, firstPlace + number);
            var (rows, columns) = place.Filled(shape);
            for (var row = rows.First; row < rows.Last; row++)
            {
                for (var column = columns.First; column < columns.Last; column++)
                {
                    ScatterPatch(shape, new PatchCorner(shape, place.Picture, row, column), patches);
                }
            }
        }
    }

    private static void GatherPatch(in PatchShape shape, in PatchCorner corner, int firstValue, int lastValue, float* patch)
    {
        var line = shape.Side * shape.Channels;
        for (var row = firstValue / line; row < shape.Side && row * line < lastValue; row++)
        {
            var (from, to) = (Math.Max(firstValue, row * line), Math.Min(lastValue, (row + 1) * line));
            var isInside = corner.HasRow(shape, row);
            var (start, end) = isInside ? ((row * line) + (corner.FirstColumn * shape.Channels), (row * line) + (corner.LastColumn * shape.Channels)) : (to, to);
            Clear(patch, from, Math.Min(to, start));
            if (isInside)
            {
                GatherRun(shape, corner.Place(shape, row), start, Math.Max(from, start), Math.Min(to, end), patch);
            }

            Clear(patch, Math.Max(from, end), to);
        }

        Clear(patch, Math.Max(firstValue, shape.Length), lastValue);
    }

    // The sum of the patches of all places that one of the smaller picture fills.
    private static void GatherSum(in PatchShape shape, in SmallPlace place, int firstValue, int lastValue, float* patch)
    {
        Clear(patch, firstValue, lastValue);
        var line = shape.Side * shape.Channels;
        var (rows, columns) = place.Filled(shape);
        for (var down = rows.First; down < rows.Last; down++)
        {
            for (var across = columns.First; across < columns.Last; across++)
            {
                var corner = new PatchCorner(shape, place.Picture, down, across);
                for (var row = firstValue / line; row < shape.Side && row * line < lastValue; row++)
                {
                    if (corner.HasRow(shape, row))
                    {
                        var start = (row * line) + (corner.FirstColumn * shape.Channels);
                        AddFrom(shape, corner.Place(shape, row), start, Math.Max(firstValue, start), Math.Min(lastValue, (row * line) + (corner.LastColumn * shape.Channels)), patch);
                    }
                }
            }
        }
    }

    private static void ScatterPatch(in PatchShape shape, in PatchCorner corner, float* patch)
    {
        for (var row = 0; row < shape.Side; row++)
        {
            if (corner.HasRow(shape, row))
            {
                var columns = corner.LastColumn - corner.FirstColumn;
                ScatterRun(shape, patch + (((row * shape.Side) + corner.FirstColumn) * shape.Channels), columns, corner.Place(shape, row));
            }
        }
    }

    // Values from to to of a patch, whose value start is the first of the picture's run.
    private static void GatherRun(in PatchShape shape, float* picture, int start, int from, int to, float* patch)
    {
        if (shape.IsCompact)
        {
            CopyRun(picture + (from - start), patch + from, to - from);
            return;
        }

        while (from < to)
        {
            var source = RunAt(shape, picture, start, from, to, out var count);
            for (var value = 0; value < count; value++, source += shape.ChannelStride)
            {
                patch[from + value] = *source;
            }

            from += count;
        }
    }

    private static void AddFrom(in PatchShape shape, float* picture, int start, int from, int to, float* patch)
    {
        if (shape.IsCompact)
        {
            AddRun(picture + (from - start), patch + from, to - from);
            return;
        }

        while (from < to)
        {
            var source = RunAt(shape, picture, start, from, to, out var count);
            for (var value = 0; value < count; value++, source += shape.ChannelStride)
            {
                patch[from + value] += *source;
            }

            from += count;
        }
    }

    // Where a value of a patch lies in the picture, and how many follow at the same place.
    private static float* RunAt(in PatchShape shape, float* picture, int start, int from, int to, out int count)
    {
        var (column, channel) = Math.DivRem(from - start, shape.Channels);
        count = Math.Min(to - from, shape.Channels - channel);
        return picture + ((long)column * shape.PlaceStride) + ((long)channel * shape.ChannelStride);
    }

    private static void ScatterRun(in PatchShape shape, float* values, int columns, float* picture)
    {
        if (shape.IsCompact)
        {
            AddRun(values, picture, columns * shape.Channels);
            return;
        }

        for (var column = 0; column < columns; column++, picture += shape.PlaceStride)
        {
            for (var channel = 0; channel < shape.Channels; channel++)
            {
                picture[(long)channel * shape.ChannelStride] += *values++;
            }
        }
    }

    private static void Clear(float* values, int from, int to)
    {
        for (; from < to; from++)
        {
            values[from] = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRun(float* source, float* target, int count)
    {
        var value = 0;
        for (; value <= count - TLanes.Count; value += TLanes.Count)
        {
            TLanes.Store(TLanes.Load(source + value), target + value);
        }

        for (; value < count; value++)
        {
            target[value] = source[value];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRun(float* source, float* target, int count)
    {
        var value = 0;
        for (; value <= count - TLanes.Count; value += TLanes.Count)
        {
            TLanes.Store(TLanes.Add(TLanes.Load(target + value), TLanes.Load(source + value)), target + value);
        }

        for (; value < count; value++)
        {
            target[value] += source[value];
        }
    }

    /// <summary>A place of the smaller picture.</summary>
    private readonly struct SmallPlace
    {
        public SmallPlace(in PatchShape shape, float* pictures, long place)
        {
            var (sample, within) = Math.DivRem(place, shape.Places);
            (Row, Column) = Math.DivRem((int)within, shape.SmallWidth);
            Picture = pictures + (sample * shape.PictureStride);
        }

        /// <summary>The larger one.</summary>
        public float* Picture { get; }

        public int Row { get; }

        public int Column { get; }

        /// <summary>Places of the larger picture that its patch is centred at.</summary>
        public ((int First, int Last) Rows, (int First, int Last) Columns) Filled(in PatchShape shape) => shape.Repeats is { } repeats
            ? (repeats.Rows(Row), repeats.Columns(Column))
            : ((Row * shape.Step, (Row * shape.Step) + 1), (Column * shape.Step, (Column * shape.Step) + 1));
    }

    /// <summary>Where a patch lies in its picture; part of it may lie outside.</summary>
    private readonly struct PatchCorner
    {
        private readonly float* _picture;
        private readonly int _top;
        private readonly int _left;

        public PatchCorner(in PatchShape shape, float* picture, int row, int column)
        {
            _picture = picture;
            (_top, _left) = (row - shape.Padding, column - shape.Padding);
            (FirstColumn, LastColumn) = (Math.Max(0, -_left), Math.Min(shape.Side, shape.Width - _left));
        }

        /// <summary>First of its columns inside the picture.</summary>
        public int FirstColumn { get; }

        /// <summary>After the last of them.</summary>
        public int LastColumn { get; }

        /// <summary>Whether any of a row is inside.</summary>
        public bool HasRow(in PatchShape shape, int row) => (uint)(_top + row) < (uint)shape.Height && LastColumn > FirstColumn;

        /// <summary>First of a row's places inside.</summary>
        public float* Place(in PatchShape shape, int row) => _picture + ((((long)(_top + row) * shape.Width) + _left + FirstColumn) * shape.PlaceStride);
    }
}
