using System.Text;

namespace Hourglass.Reporting.Plots;

/// <summary>A frame with two axes, grid lines and labels, into which marks are drawn. Colours are CSS classes of the report.</summary>
internal sealed class Chart
{
    public const double Width = 720;
    private const double Left = 64;
    private const double Right = 16;
    private const double Top = 12;
    private const double Bottom = 44;
    private readonly StringBuilder _marks = new();
    private readonly string _title;
    private readonly double _height;

    public Chart(string title, double height, IEnumerable<double> across, IEnumerable<double> up, string acrossLabel, string upLabel, double room = 0.04)
    {
        (_title, _height) = (title, height);
        Across = Axis.Of(across, Left, Width - Right, room);
        Up = Axis.Of(up, height - Bottom, Top, room);
        Frame(acrossLabel, upLabel);
    }

    public Axis Across { get; }

    public Axis Up { get; }

    public Chart Line(string kind, IEnumerable<(double X, double Y)> points, string? label = null)
    {
        var shown = points.Where(point => double.IsFinite(point.Y)).ToList();
        if (shown.Count > 0)
        {
            _marks.Append($"<polyline class=\"line {kind}\" points=\"{string.Join(' ', shown.Select(point => $"{X(point.X)},{Y(point.Y)}"))}\"/>");
        }

        return label is null || shown.Count == 0 ? this : Text(shown[^1].X, shown[^1].Y, label, $"end label-{kind}", -6);
    }

    public Chart Dot(string kind, double x, double y, string title, double radius = 3)
    {
        _marks.Append($"<circle class=\"dot {kind}\" cx=\"{X(x)}\" cy=\"{Y(y)}\" r=\"{Markup.Pixel(radius)}\"><title>{Markup.Escape(title)}</title></circle>");
        return this;
    }

    public Chart Bar(string kind, double from, double to, double height, string title)
    {
        var (left, right) = (Across.Map(from), Across.Map(to));
        _marks.Append($"<rect class=\"bar {kind}\" x=\"{Markup.Pixel(left)}\" y=\"{Y(height)}\" width=\"{Markup.Pixel(Math.Max(0.5, right - left - 1))}\" height=\"{Markup.Pixel(Up.Map(Math.Max(0, Up.Low)) - Up.Map(height))}\"><title>{Markup.Escape(title)}</title></rect>");
        return this;
    }

    public Chart Text(double x, double y, string text, string kind = "", double rise = 0)
    {
        _marks.Append($"<text class=\"{kind}\" x=\"{X(x)}\" y=\"{Markup.Pixel(Up.Map(y) + rise)}\">{Markup.Escape(text)}</text>");
        return this;
    }

    /// <summary>The whole picture.</summary>
    public string Svg() =>
        $"<svg class=\"chart\" viewBox=\"0 0 {Markup.Pixel(Width)} {Markup.Pixel(_height)}\" role=\"img\" aria-label=\"{Markup.Escape(_title)}\">{_marks}</svg>";

    private void Frame(string acrossLabel, string upLabel)
    {
        foreach (var tick in Up.Ticks())
        {
            _marks.Append($"<line class=\"grid\" x1=\"{Markup.Pixel(Left)}\" x2=\"{Markup.Pixel(Width - Right)}\" y1=\"{Y(tick)}\" y2=\"{Y(tick)}\"/><text class=\"tick end\" x=\"{Markup.Pixel(Left - 8)}\" y=\"{Markup.Pixel(Up.Map(tick) + 4)}\">{Markup.Figure(tick)}</text>");
        }

        foreach (var tick in Across.Ticks(8))
        {
            _marks.Append($"<text class=\"tick middle\" x=\"{X(tick)}\" y=\"{Markup.Pixel(_height - Bottom + 18)}\">{Markup.Figure(tick)}</text>");
        }

        _marks.Append($"<text class=\"axis end\" x=\"{Markup.Pixel(Width - Right)}\" y=\"{Markup.Pixel(_height - 6)}\">{Markup.Escape(acrossLabel)}</text>");
        _marks.Append($"<text class=\"axis\" transform=\"translate(14 {Markup.Pixel(Top + 4)}) rotate(-90)\" text-anchor=\"end\">{Markup.Escape(upLabel)}</text>");
    }

    private string X(double value) => Markup.Pixel(Across.Map(value));

    private string Y(double value) => Markup.Pixel(Up.Map(value));
}
