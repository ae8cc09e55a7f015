using Hourglass.Kernels;

namespace Hourglass.Inference.Tests.Kernels;

public sealed class PieceCrewTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Every_piece_of_every_round_is_done_once_before_the_round_ends(int size)
    {
        using var crew = new PieceCrew(size);
        for (var round = 0; round < 2000; round++)
        {
            var done = new int[round % 7];
            crew.Run(done.Length, piece => Interlocked.Increment(ref done[piece]));
            Assert.All(done, times => Assert.Equal(1, times));
            if (round % 500 == 0)
            {
                Thread.Sleep(5); // helpers fall asleep
            }
        }
    }

    [Fact]
    public void What_a_piece_throws_reaches_the_caller_and_the_crew_goes_on()
    {
        using var crew = new PieceCrew(3);
        Assert.Throws<InvalidOperationException>(() => crew.Run(5, piece => throw new InvalidOperationException($"{piece}")));
        var sum = 0;
        crew.Run(5, piece => Interlocked.Add(ref sum, piece));
        Assert.Equal(10, sum);
    }
}
