using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Hourglass.Benchmarks;

/// <summary>A dense network with its squared error as an ONNX file, in the wire format of protocol buffers: https://protobuf.dev/programming-guides/encoding, field numbers of onnx.proto (IR 8).</summary>
internal static class OnnxBytes
{
    private const int FloatType = 1;

    /// <summary>Input "x" [batch, value]; output "score" [batch]: the mean squared error of the reconstruction.</summary>
    /// <param name="maps">Weights [output, input] and bias of each map.</param>
    /// <param name="hidden">Operator after each map but the latents' and the last: "Relu".</param>
    /// <param name="latentMap">Which map makes latents, with nothing after it.</param>
    public static byte[] Scorer(IReadOnlyList<(float[] Weights, float[] Bias)> maps, string hidden, int latentMap)
    {
        var (graph, values) = (new List<byte[]>(), "x");
        for (var map = 0; map < maps.Count; map++)
        {
            var (weights, bias) = maps[map];
            graph.Add(Message(5, Tensor($"w{map}", weights, bias.Length, weights.Length / bias.Length)));
            graph.Add(Message(5, Tensor($"b{map}", bias, bias.Length)));
            graph.Add(Message(1, Node("Gemm", [values, $"w{map}", $"b{map}"], $"h{map}", Integer("transB", 1))));
            values = $"h{map}";
            if (map != latentMap && map != maps.Count - 1)
            {
                graph.Add(Message(1, Node(hidden, [values], $"a{map}")));
                values = $"a{map}";
            }
        }

        graph.Add(Message(1, Node("Sub", ["x", values], "difference")));
        graph.Add(Message(1, Node("Mul", ["difference", "difference"], "square")));
        graph.Add(Message(1, Node("ReduceMean", ["square"], "score", Integers("axes", 1), Integer("keepdims", 0))));
        graph.Add(Message(11, Value("x", "batch", maps[0].Weights.Length / maps[0].Bias.Length)));
        graph.Add(Message(12, Value("score", "batch")));
        return Join(Number(1, 8), Message(7, Join([Text(2, "scorer"), .. graph])), Message(8, Join(Text(1, ""), Number(2, 17))));
    }

    private static byte[] Node(string kind, string[] inputs, string output, params byte[][] attributes) =>
        Join([.. inputs.Select(input => Text(1, input)), Text(2, output), Text(4, kind), .. attributes.Select(attribute => Message(5, attribute))]);

    private static byte[] Integer(string name, long value) => Join(Text(1, name), Number(3, value), Number(20, 2));

    private static byte[] Integers(string name, long value) => Join(Text(1, name), Number(8, value), Number(20, 7));

    private static byte[] Tensor(string name, float[] values, params int[] shape) =>
        Join([.. shape.Select(size => Number(1, size)), Number(2, FloatType), Text(8, name), Message(9, MemoryMarshal.AsBytes<float>(values).ToArray())]);

    private static byte[] Value(string name, string batch, int? width = null)
    {
        var axes = Message(1, Text(2, batch));
        var shape = width is { } values ? Join(axes, Message(1, Number(1, values))) : axes;
        return Join(Text(1, name), Message(2, Message(1, Join(Number(1, FloatType), Message(2, shape)))));
    }

    private static byte[] Text(int field, string text) => Message(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Message(int field, byte[] content) => Join(Varint((ulong)((field << 3) | 2)), Varint((ulong)content.Length), content);

    private static byte[] Number(int field, long value) => Join(Varint((ulong)(field << 3)), Varint((ulong)value));

    private static byte[] Varint(ulong value)
    {
        var bytes = new ArrayBufferWriter<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Write([(byte)(value | 0x80)]);
        }

        bytes.Write([(byte)value]);
        return bytes.WrittenSpan.ToArray();
    }

    private static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];
}
