using System.Runtime.CompilerServices;

namespace Hourglass.Kernels;

/// <summary>Patches of pictures with few channels: one of their values after the other, each for all places of a row.</summary>
internal static unsafe class NarrowPatches
{
    /// <summary>Copies patches of pictures into rows.</summary>
    /// <inheritdoc cref="DenseKernels.Gather(in PatchShape, float*, long, int, int, int, float*)"/>
    [MethodImpl(KernelCode.ByItself)]
    public static void Gather(in PatchShape shape, float* pictures, long firstPlace, int count, int firstValue, int lastValue, float* patches)
    {
        var stride = DenseMap.Stride(shape.Length);
        while (count > 0)
        {
            var run = new PlaceRun(shape, pictures, firstPlace, count);
            for (var place = 0; place < run.Count; place++)
            {
                new Span<float>(patches + ((long)place * stride) + firstValue, lastValue - firstValue).Clear();
            }

            for (int value = 0, row = 0; row < shape.Side; row++)
            {
                for (var column = 0; column < shape.Side; column++)
                {
                    var (first, last) = run.Inside(shape, row, column);
                    var source = run.Source(shape, row, column);
                    for (var channel = 0; channel < shape.Channels; channel++, value++, source += shape.ChannelStride)
                    {
                        if (value >= firstValue && value < lastValue)
                        {
                            Copy(source, shape.Step * shape.PlaceStride, patches + value, stride, first, last);
                        }
                    }
                }
            }

            (firstPlace, count) = (firstPlace + run.Count, count - run.Count);
            patches += (long)run.Count * stride;
        }
    }

    /// <summary>Adds patches to the pictures that they lie in.</summary>
    /// <remarks>Last columns first: a picture's place then gets its patches in their own order, wherever runs begin and end.</remarks>
    /// <inheritdoc cref="DenseKernels.Scatter(in PatchShape, float*, long, int, float*)"/>
    [MethodImpl(KernelCode.ByItself)]
    public static void Scatter(in PatchShape shape, float* patches, long firstPlace, int count, float* pictures)
    {
        var stride = DenseMap.Stride(shape.Length);
        while (count > 0)
        {
            var run = new PlaceRun(shape, pictures, firstPlace, count);
            for (var row = 0; row < shape.Side; row++)
            {
                for (var column = shape.Side - 1; column >= 0; column--)
                {
                    var (first, last) = run.Inside(shape, row, column);
                    var target = run.Source(shape, row, column);
                    var values = patches + (((row * shape.Side) + column) * shape.Channels);
                    for (var channel = 0; channel < shape.Channels; channel++)
                    {
                        Add(values + channel, stride, target + ((long)channel * shape.ChannelStride), shape.Step * shape.PlaceStride, first, last);
                    }
                }
            }

            (firstPlace, count) = (firstPlace + run.Count, count - run.Count);
            patches += (long)run.Count * stride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* source, nint sourceStep, float* target, nint targetStep, nint first, nint last)
    {
        for (var place = first; place < last; place++)
        {
            target[place * targetStep] = source[place * sourceStep];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* source, nint sourceStep, float* target, nint targetStep, nint first, nint last)
    {
        for (var place = first; place < last; place++)
        {
            target[place * targetStep] += source[place * sourceStep];
        }
    }

    /// <summary>Places side by side in a row of the smaller picture.</summary>
    private readonly struct PlaceRun
    {
        private readonly float* _picture;
        private readonly int _top;
        private readonly int _left;

        public PlaceRun(in PatchShape shape, float* pictures, long place, int count)
        {
            var (sample, within) = Math.DivRem(place, shape.Places);
            var (row, column) = Math.DivRem((int)within, shape.SmallWidth);
            _picture = pictures + (sample * shape.PictureStride);
            (_top, _left, Count) = ((row * shape.Step) - shape.Padding, (column * shape.Step) - shape.Padding, Math.Min(count, shape.SmallWidth - column));
        }

        /// <summary>How many.</summary>
        public int Count { get; }

        /// <summary>The first place, and the one after the last, of those whose patches have a row and column inside the picture.</summary>
        public (int First, int Last) Inside(in PatchShape shape, int row, int column)
        {
            if ((uint)(_top + row) >= (uint)shape.Height)
            {
                return (0, 0);
            }

            var left = _left + column;
            var (first, last) = (0, Count);
            if (left < 0)
            {
                first = Math.Min(Count, (shape.Step - 1 - left) / shape.Step);
            }

            if (left + ((Count - 1) * shape.Step) >= shape.Width)
            {
                last = left >= shape.Width ? first : Math.Max(first, ((shape.Width - 1 - left) / shape.Step) + 1);
            }

            return (first, last);
        }

        /// <summary>Where the first place's value of the first channel would lie.</summary>
        public float* Source(in PatchShape shape, int row, int column) =>
            _picture + ((((long)(_top + row) * shape.Width) + _left + column) * shape.PlaceStride);
    }
}
