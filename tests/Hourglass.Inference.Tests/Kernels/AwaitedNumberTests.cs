using Hourglass.Kernels;

namespace Hourglass.Inference.Tests.Kernels;

public sealed class AwaitedNumberTests
{
    private static readonly TimeSpan Asleep = TimeSpan.FromMilliseconds(50); // longer than anybody spins
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60); // on a machine with much else to do

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void Who_waits_goes_on_when_the_number_comes_whether_it_spins_or_sleeps(int milliseconds)
    {
        var number = new AwaitedNumber(3);
        var waits = Enumerable.Range(0, 3).Select(place => Start(() => number.Await(place))).ToList();
        for (var value = 2; value >= 0; value--)
        {
            Thread.Sleep(milliseconds);
            number.Set(value);
            Assert.True(waits[value].Join(Patience));
        }
    }

    [Fact]
    public void Who_waits_for_another_number_or_for_zero_sleeps_until_it_is_counted_up_or_down()
    {
        var (number, left) = (new AwaitedNumber(0), new AwaitedNumber(2));
        var (other, zero) = (Start(() => number.AwaitOther(0)), Start(() => left.Await(0)));
        Thread.Sleep(Asleep);
        left.Decrement();
        number.Increment();
        Assert.True(other.Join(Patience));
        Assert.False(zero.Join(Asleep));
        left.Decrement();
        Assert.True(zero.Join(Patience));
    }

    [Fact]
    public void No_more_sleepers_are_woken_than_asked_for()
    {
        var number = new AwaitedNumber(0);
        var waits = Enumerable.Range(0, 3).Select(_ => Start(() => number.AwaitOther(0))).ToList();
        Assert.True(SpinWait.SpinUntil(() => number.Asleep == 3, Patience));
        number.Increment(most: 1);
        Assert.True(SpinWait.SpinUntil(() => number.Asleep == 2, Patience));
        Thread.Sleep(Asleep);
        Assert.Equal(2, number.Asleep);
        number.Increment();
        Assert.All(waits, wait => Assert.True(wait.Join(Patience)));
    }

    private static Thread Start(ThreadStart work)
    {
        var thread = new Thread(work) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
