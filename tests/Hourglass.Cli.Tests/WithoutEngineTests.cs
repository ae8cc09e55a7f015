using System.Diagnostics;

namespace Hourglass.Cli.Tests;

/// <summary>Dense and convolutional models are used by a program beside which no native engine lies at all.</summary>
public sealed class WithoutEngineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    // The program's own files, without the folders of native libraries.
    private void CopyProgram()
    {
        Directory.CreateDirectory(In("program"));
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory).Where(file => !Path.GetFileName(file).EndsWith(".deps.json", StringComparison.Ordinal)))
        {
            File.Copy(file, In(Path.Combine("program", Path.GetFileName(file))));
        }
    }

    private (int Code, string Error) Run(params string[] args)
    {
        var info = new ProcessStartInfo("dotnet", [In(Path.Combine("program", "Hourglass.Cli.dll")), .. args]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        using var process = Process.Start(info)!;
        _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }

    [Fact]
    public async Task Dense_models_score_encode_reconstruct_and_decode_where_no_engine_lies()
    {
        var random = new Random(3);
        await File.WriteAllTextAsync(In("rows.csv"), "a,b,c\n" + string.Join('\n', Enumerable.Range(0, 300).Select(_ => FormattableString.Invariant($"{random.NextDouble():0.000},{random.NextDouble():0.000},{random.NextDouble():0.000}"))) + "\n", TestContext.Current.CancellationToken);
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.Equal(0, await CommandLine.RunAsync(["train", In("rows.csv"), "--epochs", "2", "--latent", "2", "--report", "none", "--out", In("dense.hourglass")], output, error, isTerminal: false));
        CopyProgram();
        foreach (var command in new[] { "score", "encode", "reconstruct" })
        {
            foreach (var use in new[] { "autoencoder", "pca" })
            {
                var (code, said) = Run(command, In("dense.hourglass"), In("rows.csv"), "--use", use, "--out", In($"{command}-{use}.csv"));
                Assert.True(code == 0, said);
                Assert.Equal(301, (await File.ReadAllLinesAsync(In($"{command}-{use}.csv"), TestContext.Current.CancellationToken)).Length);
            }
        }

        var (decoded, fault) = Run("decode", In("dense.hourglass"), In("encode-autoencoder.csv"), "--out", In("decoded.csv"));
        Assert.True(decoded == 0, fault);
        Assert.Equal(await File.ReadAllTextAsync(In("reconstruct-autoencoder.csv"), TestContext.Current.CancellationToken), await File.ReadAllTextAsync(In("decoded.csv"), TestContext.Current.CancellationToken));
        Assert.Equal(1, Run("evaluate", In("dense.hourglass"), In("rows.csv")).Code); // the engine is missed where it is needed: the test can fail
    }

    [Fact]
    public async Task Convolutional_models_score_encode_reconstruct_and_decode_where_no_engine_lies()
    {
        await File.WriteAllBytesAsync(In("pictures.npy"), Pictures(), TestContext.Current.CancellationToken);
        var (output, error) = (new StringWriter(), new StringWriter());
        string[] train = ["train", In("pictures.npy"), "--network", "convolutional", "--channels", "4,6", "--epochs", "1", "--latent", "2", "--report", "none", "--out", In("pictures.hourglass")];
        Assert.True(await CommandLine.RunAsync(train, output, error, isTerminal: false) == 0, error.ToString());
        CopyProgram();
        foreach (var (command, data) in new[] { ("score", "pictures.npy"), ("encode", "pictures.npy"), ("reconstruct", "pictures.npy"), ("decode", "encode.npy") })
        {
            var (code, said) = Run(command, In("pictures.hourglass"), In(data), "--out", In($"{command}.npy"));
            Assert.True(code == 0, said);
        }

        Assert.Equal(await File.ReadAllBytesAsync(In("reconstruct.npy"), TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(In("decode.npy"), TestContext.Current.CancellationToken));
    }

    private static byte[] Pictures()
    {
        const int Count = 80, Side = 9;
        var header = System.Text.Encoding.ASCII.GetBytes($"{{'descr': '<f4', 'fortran_order': False, 'shape': ({Count}, 1, {Side}, {Side}), }}".PadRight(117) + "\n");
        var random = new Random(4);
        var values = Enumerable.Range(0, Count * Side * Side).Select(_ => random.NextSingle()).ToArray();
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header, .. System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values)];
    }
}
