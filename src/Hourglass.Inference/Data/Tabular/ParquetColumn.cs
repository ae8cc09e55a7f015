using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Hourglass.Preprocessing;
using Microsoft.Win32.SafeHandles;
using Parquet;
using Parquet.Schema;

namespace Hourglass.Data.Tabular;

/// <summary>The values of one column of a row group.</summary>
internal abstract class ParquetColumn
{
    /// <summary>Reads a column.</summary>
    /// <param name="rows">The row group.</param>
    /// <param name="field">The column.</param>
    /// <param name="path">The file, for errors.</param>
    /// <param name="file">The same, for columns that need no general reader.</param>
    public static ParquetColumn Read(ParquetRowGroupReader rows, DataField field, string path, SafeFileHandle file)
    {
        var type = field.ClrType;
        return type == typeof(string) || type == typeof(ReadOnlyMemory<char>) ? ReadTexts(rows, field)
            : type == typeof(double) ? ReadReals<double>(rows, field, file)
            : type == typeof(float) ? ReadReals<float>(rows, field, file)
            : type == typeof(int) ? ReadNumbers<int>(rows, field)
            : type == typeof(long) ? ReadNumbers<long>(rows, field)
            : type == typeof(short) ? ReadNumbers<short>(rows, field)
            : type == typeof(byte) ? ReadNumbers<byte>(rows, field)
            : type == typeof(sbyte) ? ReadNumbers<sbyte>(rows, field)
            : type == typeof(ushort) ? ReadNumbers<ushort>(rows, field)
            : type == typeof(uint) ? ReadNumbers<uint>(rows, field)
            : type == typeof(ulong) ? ReadNumbers<ulong>(rows, field)
            : type == typeof(decimal) ? ReadNumbers<decimal>(rows, field)
            : type == typeof(bool) ? ReadOthers<bool>(rows, field, value => value ? "true" : "false")
            : type == typeof(DateTime) ? ReadOthers<DateTime>(rows, field, value => value.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture))
            : throw new DataException($"{path}: column '{field.Name}' holds {type.Name}; numbers, texts, Booleans and dates are read. Leave it out with --ignore, or convert it.");
    }

    /// <summary>Numbers from a row on; NaN where the value is missing.</summary>
    /// <returns>False where a value is neither missing nor a number.</returns>
    public abstract bool TryNumbers(int first, Span<double> numbers);

    /// <summary>Bytes that a number lies in; 0 of what is held otherwise.</summary>
    public virtual int ValueBytes => 0;

    /// <summary>Scaled numbers from a row on, where one pass makes them.</summary>
    /// <returns>False where <see cref="TryNumbers"/> must be asked.</returns>
    public virtual bool TryScaled(int first, NumericTransform transform, Span<float> scaled) => false;

    /// <summary>Gives lent memory back; nobody asks for values afterwards.</summary>
    public virtual void Release()
    {
    }

    /// <summary>The text of a value; null for nothing.</summary>
    public abstract string? Text(int row);

    /// <inheritdoc cref="TableBlock.Written"/>
    public virtual Func<double, string>? Written => null;

    /// <summary>The bytes of its text.</summary>
    public virtual ReadOnlySpan<byte> Field(int row, Span<byte> room) => Text(row) is { } text ? Encoding.UTF8.GetBytes(text) : [];

    /// <summary>What the split hashes of a value: a number's own bytes, which need not be written as text first.</summary>
    public virtual ReadOnlySpan<byte> Key(int row, Span<byte> room) => Field(row, room);

    /// <summary>Whether <see cref="Key(int, Span{byte})"/> gives the bytes of what <see cref="TryNumbers"/> gives, and nothing of a missing value.</summary>
    public virtual bool HasNumberKeys => false;

    /// <summary>The same bytes from a value's text.</summary>
    /// <param name="field">The column.</param>
    /// <param name="text">The text; null for nothing.</param>
    public static byte[] Key(DataField field, string? text) =>
        text is null ? []
        : field.ClrType == typeof(float) ? BitConverter.GetBytes((double)float.Parse(text, CultureInfo.InvariantCulture))
        : field.ClrType != typeof(decimal) && IsNumber(field) ? BitConverter.GetBytes(double.Parse(text, CultureInfo.InvariantCulture))
        : Encoding.UTF8.GetBytes(text);

    /// <summary>Whether a column is stored as numbers.</summary>
    public static bool IsNumber(DataField field) => (field.ClrType.IsPrimitive && field.ClrType != typeof(bool)) || field.ClrType == typeof(decimal);

    private static TextColumn ReadTexts(ParquetRowGroupReader rows, DataField field)
    {
        var values = new string?[rows.RowCount];
        rows.ReadAsync(field, values.AsMemory()).AsTask().GetAwaiter().GetResult();
        return new TextColumn(row => string.IsNullOrEmpty(values[row]) ? null : values[row]);
    }

    private static TextColumn ReadOthers<T>(ParquetRowGroupReader rows, DataField field, Func<T, string> write)
        where T : struct
    {
        var (plain, optional) = Values<T>(rows, field);
        return new TextColumn(row => plain is not null ? write(plain[row]) : optional![row] is { } value ? write(value) : null);
    }

    private static RealColumn<T> ReadReals<T>(ParquetRowGroupReader rows, DataField field, SafeFileHandle file)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        return new RealColumn<T>(ParquetReals.TryRead<T>(file, rows.GetMetadata(field)?.MetaData, field.IsNullable, (int)rows.RowCount) ?? Whole<T>(rows, field));
    }

    /// <summary>A column of single or double precision, by the general reader.</summary>
    public static RealValues<T> Whole<T>(ParquetRowGroupReader rows, DataField field)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var (plain, optional) = Values<T>(rows, field);
        plain ??= Array.ConvertAll(optional!, value => value ?? T.NaN);
        var memory = ArrayPool<byte>.Shared.Rent(plain.Length * Unsafe.SizeOf<T>());
        MemoryMarshal.AsBytes<T>(plain).CopyTo(memory);
        return new RealValues<T>(memory, plain.Length);
    }

    private static NumberColumn<T> ReadNumbers<T>(ParquetRowGroupReader rows, DataField field)
        where T : struct, INumber<T>, IUtf8SpanFormattable
    {
        var (plain, optional) = Values<T>(rows, field);
        return new NumberColumn<T>(plain, optional);
    }

    private static (T[]? Plain, T?[]? Optional) Values<T>(ParquetRowGroupReader rows, DataField field)
        where T : struct
    {
        if (field.IsNullable)
        {
            var optional = new T?[rows.RowCount];
            rows.ReadAsync<T>(field, optional.AsMemory()).AsTask().GetAwaiter().GetResult();
            return (null, optional);
        }

        var plain = new T[rows.RowCount];
        rows.ReadAsync<T>(field, plain.AsMemory()).AsTask().GetAwaiter().GetResult();
        return (plain, null);
    }

    private sealed class TextColumn(Func<int, string?> text) : ParquetColumn
    {
        public override string? Text(int row) => text(row);

        public override bool TryNumbers(int first, Span<double> numbers)
        {
            for (var row = 0; row < numbers.Length; row++)
            {
                if (text(first + row) is not { } given || Numbers.IsMissing(given))
                {
                    numbers[row] = double.NaN;
                }
                else if (!Numbers.TryParse(given, '.', out numbers[row]))
                {
                    return false;
                }
            }

            return true;
        }
    }

    // Not finite counts as missing, and missing is not a number.
    private sealed class RealColumn<T>(RealValues<T> values) : ParquetColumn
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        public override Func<double, string>? Written => static value => T.CreateTruncating(value).ToString(null, CultureInfo.InvariantCulture);

        public override string? Text(int row) => values.Span[row] is var value && T.IsFinite(value) ? value.ToString(null, CultureInfo.InvariantCulture) : null;

        public override ReadOnlySpan<byte> Field(int row, Span<byte> room) =>
            values.Span[row] is var value && T.IsFinite(value) && value.TryFormat(room, out var length, default, CultureInfo.InvariantCulture) ? room[..length] : [];

        public override ReadOnlySpan<byte> Key(int row, Span<byte> room) =>
            values.Span[row] is var value && T.IsFinite(value) && BitConverter.TryWriteBytes(room, double.CreateTruncating(value)) ? room[..sizeof(double)] : [];

        public override int ValueBytes => Unsafe.SizeOf<T>();

        public override bool HasNumberKeys => true;

        public override void Release() => values.Release();

        public override bool TryScaled(int first, NumericTransform transform, Span<float> scaled) => transform.TryForward(values.Span.Slice(first, scaled.Length), scaled);

        public override bool TryNumbers(int first, Span<double> numbers)
        {
            TensorPrimitives.ConvertTruncating(values.Span.Slice(first, numbers.Length), numbers);
            if (!TensorPrimitives.IsFiniteAll<double>(numbers))
            {
                for (var row = 0; row < numbers.Length; row++)
                {
                    numbers[row] = double.IsFinite(numbers[row]) ? numbers[row] : double.NaN;
                }
            }

            return true;
        }
    }

    private sealed class NumberColumn<T>(T[]? plain, T?[]? optional) : ParquetColumn
        where T : struct, INumber<T>, IUtf8SpanFormattable
    {
        public override string? Text(int row) => (plain is not null ? plain[row] : optional![row]) is { } value ? value.ToString(null, CultureInfo.InvariantCulture) : null;

        public override ReadOnlySpan<byte> Field(int row, Span<byte> room) =>
            (plain is not null ? plain[row] : optional![row]) is { } value && value.TryFormat(room, out var length, default, CultureInfo.InvariantCulture) ? room[..length] : [];

        public override int ValueBytes => plain is not null ? Unsafe.SizeOf<T>() : Unsafe.SizeOf<T?>();

        public override bool HasNumberKeys => typeof(T) != typeof(decimal);

        public override ReadOnlySpan<byte> Key(int row, Span<byte> room)
        {
            if (typeof(T) == typeof(decimal))
            {
                return Field(row, room);
            }

            var number = plain is not null ? double.CreateTruncating(plain[row]) : optional![row] is { } value ? double.CreateTruncating(value) : double.NaN;
            return double.IsFinite(number) && BitConverter.TryWriteBytes(room, number) ? room[..sizeof(double)] : [];
        }

        public override bool TryNumbers(int first, Span<double> numbers)
        {
            for (var row = 0; row < numbers.Length; row++)
            {
                numbers[row] = plain is not null ? double.CreateTruncating(plain[first + row]) : optional![first + row] is { } value ? double.CreateTruncating(value) : double.NaN;
            }

            return true;
        }
    }
}
