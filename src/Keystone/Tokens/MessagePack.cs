using System.Buffers.Binary;
using System.Text;

namespace Nephos.Keystone.Tokens;

/// <summary>Writes the part of MessagePack (the msgpack specification, "Formats") that Keystone's payloads use, in the shortest form, as Python's <c>msgpack.packb</c> does.</summary>
internal sealed class MessagePackWriter
{
    private readonly List<byte> _bytes = new(160);

    public byte[] ToArray() => _bytes.ToArray();

    public void Array(int count)
    {
        if (count < 16) { _bytes.Add((byte)(0x90 | count)); }
        else { _bytes.Add(0xdc); Number(count, 2); }
    }

    public void Nil() => _bytes.Add(0xc0);

    public void Boolean(bool value) => _bytes.Add(value ? (byte)0xc3 : (byte)0xc2);

    public void Integer(long value)
    {
        switch (value)
        {
            case < 0: throw new ArgumentOutOfRangeException(nameof(value));
            case < 0x80: _bytes.Add((byte)value); break;
            case <= 0xff: _bytes.Add(0xcc); Number(value, 1); break;
            case <= 0xffff: _bytes.Add(0xcd); Number(value, 2); break;
            case <= 0xffffffff: _bytes.Add(0xce); Number(value, 4); break;
            default: _bytes.Add(0xcf); Number(value, 8); break;
        }
    }

    public void Double(double value)
    {
        _bytes.Add(0xcb);
        Number(BitConverter.DoubleToInt64Bits(value), 8);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        if (value.Length <= 0xff) { _bytes.Add(0xc4); Number(value.Length, 1); }
        else { _bytes.Add(0xc5); Number(value.Length, 2); }
        _bytes.AddRange(value);
    }

    public void Text(string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        if (bytes.Length < 32) { _bytes.Add((byte)(0xa0 | bytes.Length)); }
        else if (bytes.Length <= 0xff) { _bytes.Add(0xd9); Number(bytes.Length, 1); }
        else { _bytes.Add(0xda); Number(bytes.Length, 2); }
        _bytes.AddRange(bytes);
    }

    private void Number(long value, int bytes)
    {
        for (var shift = (bytes - 1) * 8; shift >= 0; shift -= 8) { _bytes.Add((byte)(value >> shift)); }
    }
}

/// <summary>Reads the same. Anything else, or an early end, is a <see cref="FormatException"/>; lengths are checked before memory is taken.</summary>
internal ref struct MessagePackReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public int Array()
    {
        var head = Byte();
        var count = head is >= 0x90 and <= 0x9f ? head & 0xf : head == 0xdc ? (int)Number(2) : throw Unexpected(head);
        return count <= _rest.Length ? count : throw new FormatException("an array is longer than the payload");
    }

    /// <summary>True, and past it, when the next value is none.</summary>
    public bool TryNil()
    {
        if (_rest.IsEmpty || _rest[0] != 0xc0) { return false; }
        _rest = _rest[1..];
        return true;
    }

    public bool Boolean() => Byte() switch { 0xc3 => true, 0xc2 => false, var head => throw Unexpected(head) };

    public long Integer() => Byte() switch
    {
        var head when head < 0x80 => head,
        0xcc => Number(1),
        0xcd => Number(2),
        0xce => Number(4),
        0xcf or 0xd3 => Number(8),
        var head => throw Unexpected(head),
    };

    /// <summary>Time stamps are doubles; a whole number may come as an integer.</summary>
    public double Double()
    {
        if (_rest.Length > 0 && _rest[0] == 0xcb)
        {
            Byte();
            return BitConverter.Int64BitsToDouble(Number(8));
        }
        return Integer();
    }

    /// <summary>Bytes or text: releases before msgpack 1.0 wrote both alike.</summary>
    public ReadOnlySpan<byte> Raw()
    {
        var head = Byte();
        var length = head switch
        {
            >= 0xa0 and <= 0xbf => head & 0x1f,
            0xc4 or 0xd9 => (int)Number(1),
            0xc5 or 0xda => (int)Number(2),
            _ => throw Unexpected(head),
        };
        if (length > _rest.Length) { throw new FormatException("text is longer than the payload"); }
        var value = _rest[..length];
        _rest = _rest[length..];
        return value;
    }

    public string Text() => Encoding.UTF8.GetString(Raw());

    private byte Byte()
    {
        if (_rest.IsEmpty) { throw new FormatException("the payload ends early"); }
        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    private long Number(int count)
    {
        if (_rest.Length < count) { throw new FormatException("the payload ends early"); }
        long value = count switch
        {
            1 => _rest[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(_rest),
            4 => BinaryPrimitives.ReadUInt32BigEndian(_rest),
            _ => BinaryPrimitives.ReadInt64BigEndian(_rest),
        };
        _rest = _rest[count..];
        return value;
    }

    private static FormatException Unexpected(byte head) => new($"unexpected MessagePack byte {head:x2}");
}
