namespace Nephos.Glance.Formats;

/// <summary>The bytes of an image, read here and there.</summary>
internal sealed class ImageContent(Stream stream)
{
    public long Length => stream.Length;

    /// <summary>Up to <paramref name="count"/> bytes from an offset; fewer at the end, none beyond it.</summary>
    public byte[] Read(long offset, int count)
    {
        if (offset < 0 || offset >= stream.Length) { return []; }
        var bytes = new byte[(int)Math.Min(count, stream.Length - offset)];
        stream.Position = offset;
        stream.ReadExactly(bytes);
        return bytes;
    }
}
