using Hourglass.Kernels;

namespace Hourglass.Inference.Tests.Kernels;

/// <summary>Every width of registers gives what plain loops in double precision give, on sizes that fill no register.</summary>
public sealed unsafe class DenseKernelTests
{
    private readonly Random _random = new(7);

    public static TheoryData<int> Widths => [512, 256, 128];

    public static TheoryData<int, string> Activations
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (var bits in new[] { 512, 256, 128 })
            {
                foreach (var activation in Enum.GetNames<DenseActivation>())
                {
                    data.Add(bits, activation);
                }
            }

            return data;
        }
    }

    private static DenseKernels Kernels(int bits) => DenseKernels.All.Single(kernels => kernels.Bits == bits);

    private float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (_random.NextSingle() * 4) - 2)];

    private static AlignedFloats Rows(float[] values, int rows, int length, int room = 0)
    {
        var memory = new AlignedFloats((long)DenseMap.Padded(Math.Max(rows, room), 8) * DenseMap.Stride(length));
        for (var row = 0; row < rows; row++)
        {
            values.AsSpan(row * length, length).CopyTo(memory.Span((long)row * DenseMap.Stride(length), length));
        }

        return memory;
    }

    [Theory, MemberData(nameof(Widths))]
    public void Products_of_tiles_have_the_bits_of_products_of_rows(int bits)
    {
        foreach (var (inputs, outputs, cutsNegative) in new[] { (37, 45, true), (1, 1, false), (64, 16, false), (30, 64, true) })
        {
            using var memory = new AlignedFloats(DenseMap.Length(inputs, outputs));
            var (map, x) = (DenseMap.Over(inputs, outputs, memory.Pointer), Numbers(RowTiles.TileRows * inputs));
            map.Pack(Numbers(inputs * outputs), Numbers(outputs));
            using var xs = Rows(x, RowTiles.TileRows, inputs);
            using var ys = Rows(new float[RowTiles.TileRows * outputs], RowTiles.TileRows, outputs);
            using var scratch = new AlignedFloats(8L * DenseMap.Stride(inputs));
            Kernels(bits).Map(map, xs.Pointer, ys.Pointer, RowTiles.TileRows, scratch.Pointer);
            using var tiles = new RowTiles(inputs, RowTiles.TileRows);
            using var results = new RowTiles(DenseMap.Padded(outputs, 4), RowTiles.TileRows);
            for (var place = 0; place < x.Length; place++)
            {
                tiles.Run(place % inputs, place / inputs, 1)[0] = x[place];
            }

            Kernels(bits).MapTile(map, tiles.Tile(0), results.Tile(0), cutsNegative);
            for (var place = 0; place < RowTiles.TileRows * outputs; place++)
            {
                var expected = ys.Span((place / outputs * DenseMap.Stride(outputs)) + (place % outputs), 1)[0];
                Assert.Equal(cutsNegative ? Math.Max(expected, 0) : expected, results.Run(place % outputs, place / outputs, 1)[0]);
            }
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Products_agree_with_plain_loops(int bits)
    {
        var (inputs, outputs, rows) = (37, 45, 13);
        var (weights, bias, x, dy) = (Numbers(inputs * outputs), Numbers(outputs), Numbers(rows * inputs), Numbers(rows * outputs));
        using var memory = new AlignedFloats(DenseMap.Length(inputs, outputs));
        using var backMemory = new AlignedFloats(DenseMap.Length(outputs, inputs));
        using var kept = new AlignedFloats(DenseMap.Length(inputs, outputs));
        using var xs = Rows(x, rows, inputs);
        using var ys = Rows(new float[rows * outputs], rows, outputs);
        using var dys = Rows(dy, rows, outputs);
        using var dxs = Rows(new float[rows * inputs], rows, inputs);
        using var scratch = new AlignedFloats(8 * 64);
        var (map, back) = (DenseMap.Over(inputs, outputs, memory.Pointer), DenseMap.Over(outputs, inputs, backMemory.Pointer));
        map.Pack(weights, bias);
        var kernels = Kernels(bits);
        kernels.Map(map, xs.Pointer, ys.Pointer, 16, scratch.Pointer);
        kernels.Transpose(map, back, 0, map.Tiles);
        kernels.Map(back, dys.Pointer, dxs.Pointer, 16, scratch.Pointer);
        var keep = new Keep(memory.Pointer, kept.Pointer);
        kernels.Gradient(map, xs.Pointer, dys.Pointer, rows, 0, map.Tiles, keep);
        kernels.BiasGradient(map, dys.Pointer, rows, keep);
        var (weightGradients, biasGradients) = (new float[inputs * outputs], new float[outputs]);
        DenseMap.Over(inputs, outputs, kept.Pointer).Unpack(weightGradients, biasGradients);

        for (var output = 0; output < outputs; output++)
        {
            Assert.Equal(Enumerable.Range(0, rows).Sum(row => (double)dy[(row * outputs) + output]), biasGradients[output], 1e-4);
            for (var row = 0; row < rows; row++)
            {
                Assert.Equal(bias[output] + Enumerable.Range(0, inputs).Sum(input => (double)x[(row * inputs) + input] * weights[(output * inputs) + input]), ys.Span((row * 64) + output, 1)[0], 1e-4);
            }

            for (var input = 0; input < inputs; input++)
            {
                Assert.Equal(Enumerable.Range(0, rows).Sum(row => (double)x[(row * inputs) + input] * dy[(row * outputs) + output]), weightGradients[(output * inputs) + input], 1e-4);
            }
        }

        for (var row = 0; row < rows; row++)
        {
            for (var input = 0; input < inputs; input++)
            {
                Assert.Equal(Enumerable.Range(0, outputs).Sum(output => (double)dy[(row * outputs) + output] * weights[(output * inputs) + input]), dxs.Span((row * 64) + input, 1)[0], 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(512, 0.2, 150)]
    [InlineData(512, 0.7, 45)]
    [InlineData(256, 0.2, 150)]
    [InlineData(128, 0.2, 45)]
    public void Products_that_pass_zeros_by_have_the_bits_of_those_that_take_every_value(int bits, double filled, int outputs)
    {
        var (inputs, rows) = (101, 77);
        using var memory = new AlignedFloats(DenseMap.Length(inputs, outputs));
        using var xs = Rows([.. Numbers(rows * inputs).Select(value => _random.NextDouble() < filled ? value : 0)], rows, inputs);
        using var dys = Rows(Numbers(rows * outputs), rows, outputs);
        using var more = Rows(Numbers(rows * inputs), rows, inputs);
        var (map, kernels) = (DenseMap.Over(inputs, outputs, memory.Pointer), Kernels(bits));
        map.Pack(Numbers(inputs * outputs), Numbers(outputs));
        using var scratch = new AlignedFloats(Math.Max(2L * kernels.FilledRows(inputs) * DenseMap.Stride(inputs), 12 * rows));
        using var expected = Rows([], 0, outputs, 80);
        using var actual = Rows([], 0, outputs, 80);
        kernels.Map(map, xs.Pointer, expected.Pointer, 80, scratch.Pointer);
        kernels.MapFilled(map, xs.Pointer, actual.Pointer, 80, scratch.Pointer);
        Assert.True(expected.Span(0, (int)expected.Length).SequenceEqual(actual.Span(0, (int)actual.Length)));

        foreach (var others in new[] { default, new RowProducts(more.Pointer, dys.Pointer) })
        {
            using var kept = new AlignedFloats(memory.Length);
            using var keptFilled = new AlignedFloats(memory.Length);
            kernels.Gradient(map, new RowProducts(xs.Pointer, dys.Pointer), others, rows, 0, map.Tiles, new Keep(memory.Pointer, kept.Pointer));
            kernels.GradientFilled(map, new RowProducts(xs.Pointer, dys.Pointer), others, rows, 0, 4, new Keep(memory.Pointer, keptFilled.Pointer), scratch.Pointer);
            kernels.GradientFilled(map, new RowProducts(xs.Pointer, dys.Pointer), others, rows, 4, map.PaddedInputs / DenseMap.TileRows, new Keep(memory.Pointer, keptFilled.Pointer), scratch.Pointer);
            Assert.True(kept.Span(0, (int)kept.Length).SequenceEqual(keptFilled.Span(0, (int)kept.Length)));
            Assert.True(kept.Span(0, (int)kept.Length).ContainsAnyExcept(0f));
        }
    }

    [Theory, MemberData(nameof(Activations))]
    public void Activations_and_slopes_agree_with_double_precision(int bits, string name)
    {
        var activation = Enum.Parse<DenseActivation>(name);
        float[] points = [-90, -20, -5, -1.5f, -0.3f, -1e-3f, -1e-6f, 0.0001f, 1e-6f, 0.02f, 0.7f, 1, 2.5f, 6, 15, 89];
        using var values = new AlignedFloats(32);
        using var before = new AlignedFloats(32);
        using var slopes = new AlignedFloats(32);
        points.CopyTo(values.Span(0, 16));
        points.CopyTo(before.Span(0, 16));
        slopes.Span(0, 32).Fill(1);
        Kernels(bits).Activate(activation, values.Pointer, 32);
        Kernels(bits).ActivateBack(activation, before.Pointer, values.Pointer, slopes.Pointer, 32);
        for (var place = 0; place < points.Length; place++)
        {
            var (x, step) = ((double)points[place], 1e-4);
            var expected = Exact(activation, x);
            var slope = (Exact(activation, x + step) - Exact(activation, x - step)) / (2 * step);
            Assert.True(Math.Abs(values.Span(place, 1)[0] - expected) <= 4e-7 * Math.Max(1, Math.Abs(expected)), $"{activation}({x}) is {values.Span(place, 1)[0]}, expected {expected}");
            Assert.True(Math.Abs(slopes.Span(place, 1)[0] - slope) <= 2e-4 || Math.Abs(x) < 2 * step, $"slope of {activation} at {x} is {slopes.Span(place, 1)[0]}, expected {slope}");
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Distances_and_their_gradients_agree_with_double_precision(int bits)
    {
        const int Count = 37;
        var (output, target, kernels) = (Numbers(Count), Numbers(Count).Select(value => (value + 2) / 4).ToArray(), Kernels(bits));
        output[5] = 60;
        output[36] = -60;
        var logSum = Math.Log(output.Sum(value => Math.Exp(value)));
        fixed (float* z = output, t = target, gradients = new float[Count])
        {
            var (outputs, targets) = ((IntPtr)z, (IntPtr)t);
            Check(kernels.SquaredError(z, t, gradients, Count, 0.5f), gradients, (a, b) => (a - b) * (a - b), (a, b) => a - b, outputs, targets);
            Check(kernels.BinaryCrossEntropy(z, t, gradients, Count, 0.5f), gradients, (a, b) => Math.Max(a, 0) - (a * b) + Math.Log(1 + Math.Exp(-Math.Abs(a))), (a, b) => 0.5 * ((1 / (1 + Math.Exp(-a))) - b), outputs, targets);
            Check(kernels.Huber(z, t, gradients, Count, 0.5f, 0.3f), gradients, (a, b) => Math.Abs(a - b) <= 0.3 ? 0.5 * (a - b) * (a - b) : 0.3 * (Math.Abs(a - b) - 0.15), (a, b) => 0.5 * Math.Clamp(a - b, -0.3, 0.3), outputs, targets);
            Check(kernels.ContinuousBernoulli(z, t, gradients, Count, 0.5f), gradients, (a, b) => Math.Max(a, 0) - (a * b) + Math.Log((1 - Math.Exp(-Math.Abs(a))) / Math.Abs(a)), (a, b) => 0.5 * ((1 / (1 - Math.Exp(-a))) - (1 / a) - b), outputs, targets);
            var mass = target.Sum(value => (double)value);
            Check(kernels.Multinomial(z, t, gradients, Count, 0.5f), gradients, (a, b) => b * (logSum - a), (a, b) => 0.5 * ((mass * Math.Exp(a - logSum)) - b), outputs, targets);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Distances_of_whole_rows_are_those_of_their_rows_and_leave_the_padding_without_gradient(int bits)
    {
        const int Rows = 5;
        foreach (var count in new[] { 1, 16, 30, 37, 96 })
        {
            var (kernels, stride) = (Kernels(bits), DenseMap.Stride(count));
            using var memory = new AlignedFloats(4L * Rows * stride);
            float* output = memory.Pointer, target = output + (Rows * stride), gradient = target + (Rows * stride), expected = gradient + (Rows * stride);
            new Span<float>(gradient, Rows * stride).Fill(9);
            double squared = 0, crossed = 0;
            for (var row = 0; row < Rows; row++)
            {
                Numbers(count).CopyTo(new Span<float>(output + (row * stride), count));
                Numbers(count).Select(value => (value + 2) / 4).ToArray().CopyTo(new Span<float>(target + (row * stride), count));
                squared += kernels.SquaredError(output + (row * stride), target + (row * stride), expected + (row * stride), count, 0.5f);
            }

            Assert.Equal(squared, kernels.SquaredError(output, target, gradient, count, Rows, 0.5f), 1e-5 * squared);
            Assert.Equal(Padded(expected, count, Rows, bits), Padded(gradient, count, Rows, bits));
            for (var row = 0; row < Rows; row++)
            {
                crossed += kernels.BinaryCrossEntropy(output + (row * stride), target + (row * stride), expected + (row * stride), count, 0.5f);
            }

            Assert.Equal(crossed, kernels.BinaryCrossEntropy(output, target, gradient, count, Rows, 0.5f), 1e-5 * crossed);
            Assert.Equal(Padded(expected, count, Rows, bits), Padded(gradient, count, Rows, bits));
        }
    }

    // Rows with what pads them to whole registers.
    private static float[] Padded(float* values, int count, int rows, int bits) =>
        [.. Enumerable.Range(0, rows).SelectMany(row => new Span<float>(values + (row * DenseMap.Stride(count)), DenseMap.Padded(count, bits / 32)).ToArray())];

    private static void Check(double total, float* gradients, Func<double, double, double> distance, Func<double, double, double> slope, IntPtr outputs, IntPtr targets)
    {
        const int Count = 37;
        var (z, t) = (new ReadOnlySpan<float>((float*)outputs, Count).ToArray(), new ReadOnlySpan<float>((float*)targets, Count).ToArray());
        var expected = z.Zip(t, (a, b) => distance(a, b)).Sum();
        Assert.Equal(expected, total, 2e-6 * Math.Abs(expected));
        for (var place = 0; place < Count; place++)
        {
            Assert.Equal(slope(z[place], t[place]), gradients[place], 2e-5);
        }
    }

    [Fact]
    public void A_crew_does_every_part_and_hands_faults_on()
    {
        using var crew = new WorkCrew(3);
        var done = new int[3];
        for (var piece = 0; piece < 2000; piece++)
        {
            var late = piece % 3;
            crew.Run(thread =>
            {
                if (piece % 100 == 0 && thread == late)
                {
                    Thread.Sleep(3); // long enough for the others to fall asleep
                }

                done[thread]++;
            });
            Assert.Equal([piece + 1, piece + 1, piece + 1], done);
        }

        Assert.Equal([2000, 2000, 2000], done);
        Assert.Throws<InvalidOperationException>(() => crew.Run(thread => throw new InvalidOperationException()));
        crew.Run(thread => done[thread]++);
        Assert.Equal(2001, done[2]);
    }

    [Fact]
    public void A_crew_of_any_size_does_every_part_of_every_piece_once()
    {
        using var crew = new WorkCrew(4);
        var (random, done, expected) = (new Random(5), new int[4], new int[4]);
        for (var piece = 0; piece < 20_000; piece++)
        {
            if (random.Next(3) == 0)
            {
                crew.Size = random.Next(1, 5);
            }

            if (random.Next(500) == 0)
            {
                Thread.Sleep(1); // the others fall asleep
            }

            crew.Run(thread => Interlocked.Increment(ref done[thread]));
            for (var thread = 0; thread < crew.Size; thread++)
            {
                expected[thread]++;
            }

            Assert.Equal(expected, done);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => crew.Size = 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => crew.Size = 0);
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Denormal_numbers_are_zero_to_a_crew_and_remain_what_they_are_to_its_caller(int size)
    {
        Assert.SkipUnless(FlushedDenormals.IsSupported, "This processor's arithmetic cannot be told.");
        using var crew = new WorkCrew(size);
        float[] denormal = [1e-40f];
        var products = new float[size];
        crew.Run(thread => products[thread] = denormal[0] * 1e10f);
        Assert.Equal(new float[size], products);
        Assert.Equal(1e-30f, denormal[0] * 1e10f, 1e-34f);
        using (FlushedDenormals.Begin())
        {
            crew.Run(_ => { });
            Assert.Equal(0, denormal[0] * 1e10f); // a scope within another does not end it
        }

        Assert.NotEqual(0, denormal[0] * 1e10f);
    }

    private static double Exact(DenseActivation activation, double x) => activation switch
    {
        DenseActivation.Sigmoid => 1 / (1 + Math.Exp(-x)),
        DenseActivation.Tanh => Math.Tanh(x),
        DenseActivation.Relu => Math.Max(x, 0),
        DenseActivation.LeakyRelu => x > 0 ? x : 0.01 * x,
        DenseActivation.Elu => x > 0 ? x : Math.Exp(x) - 1,
        DenseActivation.Gelu => x * Normal(x),
        DenseActivation.Silu => x / (1 + Math.Exp(-x)),
        DenseActivation.Softplus => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x))),
        _ => x,
    };

    // Simpson's rule on the density: slow, and independent of the kernels' formula.
    private static double Normal(double x)
    {
        const int Steps = 4000;
        var (end, sum) = (Math.Clamp(x, -12, 12), 0.0);
        for (var step = 0; step <= Steps; step++)
        {
            var place = end * step / Steps;
            sum += (step is 0 or Steps ? 1 : step % 2 == 1 ? 4 : 2) * Math.Exp(-place * place / 2);
        }

        return 0.5 + (sum * end / Steps / 3 / Math.Sqrt(2 * Math.PI));
    }

    private readonly struct Keep(float* values, float* gradients) : IGradientRule
    {
        public void Ask(float* parameters) => CacheLine.Ask(gradients + (parameters - values));

        public void Take<TLanes, TVector>(float* parameters, TVector gradient, bool isBias)
            where TLanes : ILanes<TVector>
            where TVector : struct => TLanes.Store(gradient, gradients + (parameters - values));
    }
}
