using Hourglass.Benchmarks;

// One line of JSON for each benchmark: dotnet run -c Release --project benchmarks/Hourglass.Benchmarks -- dictionary [--seeds N]
return args.FirstOrDefault() switch
{
    "dictionary" => PlantedDictionary.Run(args),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Benchmarks: dictionary [--seeds N]   directions recovered from a planted dictionary, for each sparse bottleneck");
    return 1;
}
