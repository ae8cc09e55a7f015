using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hourglass.Data.Tabular;

namespace Hourglass.Data.BuiltIn;

/// <summary>A generated table: a reading every five minutes from six machines, with faults of known kinds planted.</summary>
/// <remarks>Temperature follows load with a daily cycle; current follows load and voltage; vibration follows speed. Faults:
/// spike (one sensor jumps), stuck (a sensor repeats one value), broken-correlation (current ignores load),
/// wrong-mode (idle readings called production) and drift (temperature creeps up).</remarks>
internal sealed class TelemetrySource : TableSource
{
    private const int Count = 12_000;
    private const double FaultShare = 0.02;
    private static readonly string[] Names = ["time", "machine", "mode", "load", "speed", "temperature", "current", "voltage", "vibration", "errors", "door_open", "anomaly"];
    private static readonly string[] Faults = ["spike", "stuck", "broken-correlation", "wrong-mode", "drift"];
    private readonly bool _hasFaults;

    private TelemetrySource(bool hasFaults) => _hasFaults = hasFaults;

    public static TelemetrySource Create(string name, bool hasFaults) =>
        new(hasFaults) { Name = name, Format = "telemetry", Columns = Names, DefaultLabel = "anomaly" };

    public override string Hash() =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', Rows(null).Select(row => string.Join(',', row.Fields))))));

    public override IEnumerable<TableRow> Rows(Action<DataException>? badRows)
    {
        var random = new Random(20_06);
        var start = new DateTime(2026, 1, 5, 0, 0, 0, DateTimeKind.Utc);
        for (var row = 0; row < Count; row++)
        {
            var fault = random.NextDouble() < FaultShare ? Faults[random.Next(Faults.Length)] : "none";
            fault = _hasFaults ? fault : "none";
            yield return new TableRow(row + 1, Row(random, start.AddMinutes(5 * (row / 6)), row % 6, fault));
        }
    }

    private static string?[] Row(Random random, DateTime time, int machine, string fault)
    {
        var day = Math.Sin(2 * Math.PI * (time.TimeOfDay.TotalDays - 0.3));
        var mode = random.NextDouble() < 0.12 ? "maintenance" : day > -0.4 ? "production" : "idle";
        var load = mode switch { "production" => 65 + (15 * day) + (6 * Normal(random)), "idle" => 8 + (2 * Normal(random)), _ => 30 + (8 * Normal(random)) };
        var speed = (18 * load) + (20 * machine) + (15 * Normal(random));
        var temperature = 35 + (0.45 * load) + (4 * day) + machine + (0.8 * Normal(random));
        var voltage = 400 + (2 * Normal(random));
        var current = (0.32 * load * 400 / voltage) + (0.3 * Normal(random));
        var vibration = 0.5 + (speed / 900) + (0.08 * Math.Abs(Normal(random)));
        switch (fault)
        {
            case "spike": vibration *= 4; break;
            case "stuck": (temperature, voltage) = (20, 380); break;
            case "broken-correlation": current = 0.32 * (90 - load); break;
            case "wrong-mode": mode = mode == "production" ? "idle" : "production"; break;
            case "drift": temperature += 15; break;
            default: break;
        }

        var errors = Math.Floor(Math.Exp(0.8 * Normal(random)) - 0.3 + (mode == "maintenance" ? 2 : 0));
        return
        [
            time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), $"M{machine + 1}", mode, Text(load), Text(speed), Text(temperature), Text(current),
            random.NextDouble() < 0.03 ? null : Text(voltage), Text(vibration, "0.000"), Text(Math.Max(0, errors), "0"), mode == "maintenance" && random.NextDouble() < 0.7 ? "yes" : "no", fault,
        ];
    }

    private static string Text(double value, string format = "0.00") => value.ToString(format, CultureInfo.InvariantCulture);

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
