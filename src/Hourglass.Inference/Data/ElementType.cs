namespace Hourglass.Data;

/// <summary>How a stored value is held on disk.</summary>
public enum ElementType
{
    /// <summary>32-bit floating point, little-endian; read as it is.</summary>
    Float32 = 1,

    /// <summary>One byte; read as value / 255, so that it lies in [0, 1].</summary>
    UInt8 = 2,

    /// <summary>Only values that are not zero: for each its place in the sample (int32) and the value (float32).</summary>
    Entries = 3,
}
