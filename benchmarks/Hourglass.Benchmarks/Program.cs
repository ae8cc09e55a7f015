using Hourglass.Benchmarks;

// dotnet run -c Release --project benchmarks/Hourglass.Benchmarks -- NAME
return args.FirstOrDefault() switch
{
    "adbench" => AdBench.Run(args),
    "dictionary" => PlantedDictionary.Run(args),
    "false-alarms" => FalseAlarms.Run(args),
    "disk" => DiskRates.Run(args),
    "ingest" => Ingest.Run(args),
    "engine" => EngineSteps.Run(args),
    EngineSteps.Word => EngineSteps.RunTurn(args),
    "evaluation" => EngineModes.Run(args),
    "lines" => SharedLines.Run(),
    "layouts" => EngineLayouts.Run(args),
    "kernels" => KernelRates.Run(),
    "nab" => NumentaBenchmark.Run(args),
    "smd" => ServerMachines.Run(args),
    "outofcore" => OutOfCore.Run(args),
    "precision" => PrecisionRates.Run(args),
    RankWorker.Word => RankWorker.Run(args),
    "scale" => Scale.Run(args),
    "scoring" => ScoringParts.Run(),
    "shuffle" => ShuffleQuality.Run(args),
    "speed" => Speed.Run(args),
    "watch" => WatchRates.Run(args),
    "watch-train" => WatchRates.Train(args),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Benchmarks:");
    Console.Error.WriteLine("  adbench --data FOLDER|generated --protocol semi|unsupervised [--seeds N] [--first-seed N] [--only WORDS] [--detector OPTIONS.json] [--json]   anomaly detection on a folder of ADBench's .npz files, or on generated tables, beside rivals");
    Console.Error.WriteLine("  dictionary [--seeds N]          directions recovered from a planted dictionary, for each sparse bottleneck");
    Console.Error.WriteLine("  disk [--gigabytes N] [--folder F]   what the disk gives of reads at random places: by length, by how many are under way, by threads (Linux)");
    Console.Error.WriteLine("  engine [--only WORDS] [--threads N]   steps by automatic differentiation: time, allocations, page faults, with freed memory given back and kept");
    Console.Error.WriteLine("  evaluation [--only WORDS] [--threads N]   passes without gradients by the engine, without and in inference mode");
    Console.Error.WriteLine("  false-alarms [--sets N] [--rows N] [--folds N] [--members N] [--steps N] [--json]   promised and realised rates on generated tables");
    Console.Error.WriteLine("                                  whole detectors on generated tables: realised rates beside promised ones");
    Console.Error.WriteLine("  ingest [--rows N] [--rounds N] [--only csv|parquet|npy] [--windows] [--ranks N] [--json]\n                                  from CSV and Parquet, or a .npy array, to sample stores, of rows or of windows of rows: MB/s by the clock, processor time; or by one process on one processor and by N ranks");
    Console.Error.WriteLine("  kernels                         what each kernel of the fused step makes of the processor");
    Console.Error.WriteLine("  layouts [--threads N]           residual blocks and resizing by the engine, with pictures channel by channel and with channels last");
    Console.Error.WriteLine("  lines                           what a line of memory costs that one thread writes and another one reads, again and again");
    Console.Error.WriteLine("  nab --data FOLDER [--seeds N]   the Numenta Anomaly Benchmark, standard profile, one default for all series");
    Console.Error.WriteLine("  smd --data FOLDER [--seeds N] [--first-seed N]   the Server Machine Dataset: VUS, AUROC, average precision, and whether the true metrics are named");
    Console.Error.WriteLine("  outofcore [--gigabytes N] [--width N] [--hidden N] [--samples N] [--rounds N] [--folder F] [--store FILE]\n                                  training from a store on disk: rate and private memory while it grows (Linux)");
    Console.Error.WriteLine("  precision [--only WORDS] [--threads N] [--seeds N [--epochs N]]\n                                  training with products in float32 and in bfloat16: rates, or losses after some epochs on the built-in letters");
    Console.Error.WriteLine("  scale [--json]                  what a step and a sum over ranks cost, a model of both, and what it says of many ranks");
    Console.Error.WriteLine("  scoring                         what each part of scoring a Parquet file takes, beside ONNX Runtime");
    Console.Error.WriteLine("  shuffle [--samples N] [--seeds N] [--epochs N]\n                                  losses after training in random order and in runs, on samples sorted by class");
    Console.Error.WriteLine("  speed [--json] [--only WORDS]   work beside peers, interleaved; a ratio above 1 means that Hourglass is faster");
    Console.Error.WriteLine("  watch [--rows N] [--rate N] [--train N | --model FILE] [--use RULE] [--machine SECONDS] [--json]");
    Console.Error.WriteLine("                                  rows as they come: rate, latency, memory; --machine first tells what pauses the machine makes; watch-train --out FILE writes its detector for --model");
    return 1;
}
