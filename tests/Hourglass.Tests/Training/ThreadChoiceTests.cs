using Hourglass.Training.Steps;

namespace Hourglass.Tests.Training;

public class ThreadChoiceTests
{
    // Seconds of all steps, and the part of them that was taken on more or fewer threads than the fastest.
    private static (double All, double Elsewhere) Run(ThreadChoice choice, int steps, Func<int, int, double> seconds, int fastest)
    {
        var (all, elsewhere) = (0.0, 0.0);
        for (var step = 0; step < steps; step++)
        {
            var (threads, took) = (choice.Threads, seconds(step, choice.Threads));
            all += took;
            elsewhere += threads == fastest ? 0 : took;
            choice.Took(took);
        }

        return (all, elsewhere);
    }

    [Theory, InlineData(2, 1), InlineData(8, 1), InlineData(8, 2), InlineData(8, 4), InlineData(6, 3), InlineData(8, 8), InlineData(1, 1)]
    public void The_fastest_number_is_found_and_comparisons_cost_little(int most, int fastest)
    {
        var choice = new ThreadChoice(most);
        double Seconds(int step, int threads) => 1e-4 * (1 + Math.Abs(Math.Log2(threads) - Math.Log2(fastest)));
        Run(choice, 300, Seconds, fastest);
        Assert.Equal(fastest, choice.Best);
        var (all, elsewhere) = Run(choice, 20_000, Seconds, fastest);
        Assert.InRange(elsewhere, 0, 0.03 * all);
    }

    [Fact]
    public void It_changes_when_the_machine_does_and_single_late_steps_do_not_count()
    {
        var choice = new ThreadChoice(2);
        double Late(int step) => step % 5 == 0 ? 1e-3 : 0;
        Run(choice, 5000, (step, threads) => (threads == 1 ? 1e-4 : 2e-4) + Late(step), 1);
        Assert.Equal(1, choice.Best);
        Run(choice, 20_000, (step, threads) => (threads == 2 ? 6e-5 : 1e-4) + Late(step), 2);
        Assert.Equal(2, choice.Best);
    }

    [Fact]
    public void Long_steps_take_all_threads()
    {
        var choice = new ThreadChoice(4);
        var (_, elsewhere) = Run(choice, 2000, (_, threads) => 0.01 * threads, 4);
        Assert.Equal(0, elsewhere);
    }
}
