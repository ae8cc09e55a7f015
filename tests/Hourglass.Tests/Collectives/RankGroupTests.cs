using CsCheck;
using Hourglass.Collectives;

namespace Hourglass.Tests.Collectives;

public sealed class RankGroupTests
{
    // Lengths around the border between whole vectors and halves; ranks that are no power of two.
    private static readonly Gen<(int Ranks, int Length, int Seed)> Jobs = Gen.Select(Gen.Int[1, 9], Gen.OneOf(Gen.Int[0, 40], Gen.Int[1000, 2100]), Gen.Int[0, 1000]);

    [Fact]
    public void Every_rank_gets_the_same_bits_of_the_sum_in_every_run() => Jobs.Sample(
        job =>
        {
            float[][] Run() => ThreadRanks.Run(job.Ranks, ranks =>
            {
                var values = Values(job.Seed, ranks.Rank, job.Length);
                ranks.Sum(values);
                return values;
            });
            var first = Run();
            Assert.All(first, values => Assert.Equal(first[0], values));
            Assert.Equal(first[0], Run()[^1]);
            var exact = Enumerable.Range(0, job.Length).Select(place => Enumerable.Range(0, job.Ranks).Sum(rank => (double)Values(job.Seed, rank, job.Length)[place])).ToArray();
            Assert.All(first[0].Zip(exact), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
        },
        iter: 40);

    [Fact]
    public void Sums_in_shared_memory_are_those_of_messages_to_the_bit() => Jobs.Sample(
        job =>
        {
            Assert.SkipUnless(OperatingSystem.IsLinux(), "Memory is shared on Linux only.");
            var messages = Sums(job, sharesMemory: false);
            foreach (var shared in Sums(job, sharesMemory: true))
            {
                Assert.Equal(messages[0].Elsewhere, shared.Elsewhere);
                Assert.Equal(messages[0].Elsewhere, shared.InRoom);
                Assert.Equal(messages[0].Elsewhere, shared.Again);
            }
        },
        iter: 25);

    private static (float[] Elsewhere, float[] InRoom, float[] Again)[] Sums((int Ranks, int Length, int Seed) job, bool sharesMemory) => ThreadRanks.Run(
        job.Ranks,
        ranks =>
        {
            var elsewhere = Values(job.Seed, ranks.Rank, job.Length);
            ranks.Sum(elsewhere);
            using var room = ranks.Room(job.Length + 3); // longer than what is summed
            float[] InRoom()
            {
                var values = room.Values(job.Length);
                Values(job.Seed, ranks.Rank, job.Length).CopyTo(values);
                ranks.Sum(values);
                return values.ToArray();
            }

            return (elsewhere, InRoom(), InRoom());
        },
        sharesMemory);

    // More than the machine has: no rank waits for memory that another was refused, and nothing is left of the trial.
    [Fact]
    public void Where_memory_cannot_be_had_all_ranks_are_told()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Memory is shared on Linux only.");
        var before = Directory.GetFiles("/dev/shm");
        Assert.All(ThreadRanks.Run(3, ranks => SharedSlots.Open(ranks, 1L << 44) is null, sharesMemory: true), Assert.True);
        var left = Directory.GetFiles("/dev/shm", "hourglass-*").Except(before).ToList(); // jobs of other tests, in other processes, have theirs there for a moment
        Assert.True(SpinWait.SpinUntil(() => !left.Exists(File.Exists), TimeSpan.FromSeconds(20)), string.Join(' ', left));
    }

    [Fact]
    public void A_number_s_sum_does_not_depend_on_the_length_of_its_vector()
    {
        float Last(int length) => ThreadRanks.Run(6, ranks =>
        {
            var values = new float[length];
            values[^1] = Values(7, ranks.Rank, 1)[0];
            ranks.Sum(values);
            return values[^1];
        })[0];
        Assert.Equal(Last(1), Last(5000));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(8)]
    public void Runs_of_bytes_of_any_length_reach_every_rank(int size)
    {
        var all = ThreadRanks.Run(size, ranks =>
        {
            var gathered = ranks.Gather(new byte[ranks.Rank].Select(_ => (byte)ranks.Rank).ToArray());
            var told = BitConverter.GetBytes(ranks.Rank == 0 ? 4711 : 0);
            ranks.Broadcast(told);
            return (gathered, BitConverter.ToInt32(told));
        });
        Assert.All(all, one =>
        {
            Assert.Equal(4711, one.Item2);
            Assert.Equal(Enumerable.Range(0, size).Select(rank => Enumerable.Repeat((byte)rank, rank).ToArray()), one.gathered);
        });
    }

    [Fact]
    public void A_file_of_rank_zero_is_read_by_all()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        var path = Path.Combine(folder, "file");
        File.WriteAllText(path, "the same");
        Assert.Equal(["the same", "the same", "the same"], ThreadRanks.Run(3, ranks =>
        {
            using var missing = SharedFile.From(ranks, path + ".not");
            Assert.Null(missing.Path);
            using var file = SharedFile.From(ranks, ranks.Rank == 0 ? path : "elsewhere");
            return File.ReadAllText(file.Path!);
        }));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_fault_of_one_rank_is_thrown_by_all_with_its_number()
    {
        var messages = ThreadRanks.Run(3, ranks => Assert.Throws<AgreedFaultException>(() => Agreement.Together<MemoryStream>(
            ranks, () => ranks.Rank == 1 ? throw new HourglassException("no file") : new MemoryStream())).Message);
        Assert.Equal(["rank 1 of 3: no file", "rank 1 of 3: no file", "rank 1 of 3: no file"], messages);
    }

    [Fact]
    public void What_differs_between_ranks_is_named_with_both_values()
    {
        var text = new string('x', 200);
        var messages = ThreadRanks.Run(2, ranks => Assert.Throws<AgreedFaultException>(() =>
            Agreement.Require(ranks, [("version", "1", "-"), ("options", $"{text}{ranks.Rank}", "Do this.")])).Message);
        Assert.Equal(messages[0], messages[1]);
        Assert.Equal("The ranks do not have the same options: rank 1 has '...xxxxxxxxxxxxxxxxxxxx1', rank 0 '...xxxxxxxxxxxxxxxxxxxx0'. Do this.", messages[0]);
    }

    [Theory]
    [InlineData("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "Open MPI")]
    [InlineData("PMI_SIZE", "PMI_RANK", "MPICH")]
    public void The_launcher_is_known_by_what_it_sets(string size, string rank, string name)
    {
        var launcher = MpiLauncher.Find(variable => variable == size ? "4" : variable == rank ? "2" : null)!;
        Assert.Equal((name, 4, 2, 4), (launcher.Name, launcher.Size, launcher.Rank, launcher.LocalSize));
        Assert.Null(MpiLauncher.Find(variable => variable == size ? "1" : null));
        Assert.Null(MpiLauncher.Find(_ => null));
    }

    [Fact]
    public void A_library_of_another_family_than_the_launcher_is_refused()
    {
        var launcher = new MpiLauncher(MpiFamily.OpenMpi, 0, 4, 4, "OMPI_COMM_WORLD_SIZE");
        Collective.RequireSameFamily(launcher, MpiFamily.OpenMpi, "libmpi.so.40");
        var fault = Assert.Throws<HourglassException>(() => Collective.RequireSameFamily(launcher, MpiFamily.Mpich, "libmpich.so.12"));
        Assert.Contains("Open MPI's launcher started 4 processes", fault.Message, StringComparison.Ordinal);
        Assert.Contains("libmpich.so.12 is MPICH's library", fault.Message, StringComparison.Ordinal);
    }

    private static float[] Values(int seed, int rank, int length)
    {
        var random = new Random((seed * 31) + rank);
        return [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
    }
}
