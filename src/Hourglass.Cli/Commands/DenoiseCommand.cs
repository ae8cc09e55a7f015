using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Options;
using Hourglass.Data.Images;
using Hourglass.Data.Output;
using Hourglass.Evaluation;
using Hourglass.Tasks;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass denoise PICTURES.</summary>
internal static class DenoiseCommand
{
    private static readonly string[] Endings = [".png", ".jpg", ".jpeg", ".webp", ".bmp"];

    public static Command Create(Screen screen)
    {
        var command = new Command("denoise", "Remove noise from pictures of any size, with a model trained on tiles.\n\nExamples:\n  hourglass denoise noisy.jpg --out clean.png\n  hourglass train photos/ --tile 64:32 --network u-shaped --bottleneck open --corruption gaussian:0..0.2 --out denoiser.hourglass\n  hourglass denoise noisy.jpg --model denoiser.hourglass --out clean.png\n  hourglass denoise clean/ --model denoiser.hourglass --add-noise 25 --json");
        var pictures = new Argument<string>("PICTURES") { Description = "A picture, or a folder of them." };
        var model = new Option<string?>("--model") { Description = "A .hourglass file trained on tiles; the one inside Hourglass when left out (any normal noise, colours one by one)." };
        var noise = new Option<double?>("--add-noise") { Description = "Measure: add normal noise of this standard deviation (of 255) to clean pictures first; neither clipped nor rounded." };
        var grey = new Option<bool?>("--grey") { Description = "Read pictures as grey; as they are when left out." };
        var (output, seed, json) = (CommonOptions.Out("A picture, or a folder for a folder."), CommonOptions.Seed(), CommonOptions.Json());
        command.Arguments.Add(pictures);
        foreach (var option in new Option[] { model, output, noise, grey, seed, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parse =>
        {
            using var trained = parse.GetValue(model) is { } file ? TrainedAutoencoder.Load(file) : DenoiseTask.LoadDefault();
            var (path, deviation) = (parse.GetRequiredValue(pictures), parse.GetValue(noise));
            if (deviation is { } wish && !(wish >= 0 && wish <= 255))
            {
                throw new HourglassException($"--add-noise takes 0 to 255, got {wish}.");
            }

            var target = parse.GetValue(output) ?? (deviation is null ? throw new HourglassException("Say where the result goes with --out, or measure with --add-noise.") : null);
            var task = new DenoiseTask(trained);
            var results = Files(path).Select((file, index) => Run(task, file, Target(path, file, target), deviation / 255, parse.GetValue(seed) + index, parse.GetValue(grey) ?? (trained.Preprocessing.SampleShape[0] == 3 ? false : null), screen)).ToList();
            Print(screen, results, parse.GetValue(json));
        });
        return command;
    }

    private static DenoiseResult Run(DenoiseTask task, string file, string? target, double? deviation, int seed, bool? grey, Screen screen)
    {
        var picture = PictureBytes.Read(file, grey);
        var clean = Array.ConvertAll(picture.Planes, value => value / 255f);
        var noisy = deviation is { } amount ? WithNoise(clean, amount, seed) : clean;
        var cleaned = task.Run(noisy, picture.Channels, picture.Width, picture.Height);
        if (target is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
            PictureFile.Write(target, cleaned, picture.Channels, picture.Width, picture.Height);
        }

        screen.Error.WriteLine(target is null ? file : $"{file} -> {target}");
        return deviation is null
            ? new DenoiseResult(file, target, null, null)
            : new DenoiseResult(file, target, PeakSignalToNoise.Decibels(clean, noisy), PeakSignalToNoise.Decibels(clean, cleaned));
    }

    private static float[] WithNoise(float[] clean, double deviation, int seed)
    {
        var random = new Random(seed);
        return Array.ConvertAll(clean, value => (float)(value + (deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))); // Box and Muller 1958
    }

    private static List<string> Files(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        var files = Directory.EnumerateFiles(path).Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).ToList();
        return files.Count > 0 ? files : throw new HourglassException($"{path}: this folder holds no pictures (PNG, JPEG, WebP, BMP).");
    }

    private static string? Target(string path, string file, string? output) => output is null ? null
        : Directory.Exists(path) ? Path.Combine(output, Path.GetFileNameWithoutExtension(file) + ".png") : output;

    private static void Print(Screen screen, List<DenoiseResult> results, bool asJson)
    {
        var measured = results.Where(result => result.Denoised is not null).ToList();
        double? noisy = measured.Count > 0 ? measured.Average(result => result.Noisy!.Value) : null;
        double? denoised = measured.Count > 0 ? measured.Average(result => result.Denoised!.Value) : null;
        if (asJson)
        {
            screen.WriteJson(new { pictures = results, meanNoisy = noisy, meanDenoised = denoised });
        }
        else if (measured.Count > 0)
        {
            screen.WriteTable(["PSNR in dB", "noisy", "denoised"], measured.Select(result => new[] { Path.GetFileName(result.File), Number(result.Noisy!.Value), Number(result.Denoised!.Value) }).Append(["mean", Number(noisy!.Value), Number(denoised!.Value)]));
        }
        else
        {
            screen.Output.WriteLine($"{results.Count} pictures denoised: {results[^1].Out}");
        }
    }

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>One picture's result.</summary>
    /// <param name="File">The picture.</param>
    /// <param name="Out">Where the result went.</param>
    /// <param name="Noisy">PSNR before, in dB; null when no noise was added.</param>
    /// <param name="Denoised">PSNR after, in dB.</param>
    private sealed record DenoiseResult(string File, string? Out, double? Noisy, double? Denoised);
}
