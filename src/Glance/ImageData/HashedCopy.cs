using System.Buffers;
using System.Security.Cryptography;
using Nephos.Glance.Stores;

namespace Nephos.Glance.ImageData;

/// <summary>What was copied.</summary>
public sealed record CopiedData(long Size, string Md5, string Sha512);

/// <summary>More bytes came than an image may have.</summary>
public sealed class ImageTooLargeException(long limit) : Exception($"The size of the data exceeds the limit of {limit} bytes.");

/// <summary>
/// Copies an upload into the store and hashes it on the way. While one block is hashed twice and written, each on its own thread, the next is read: the
/// whole is as fast as its slowest part (MD5), not as the sum.
/// </summary>
internal static class HashedCopy
{
    /// <summary>Bytes of a block: large enough that handing it to three threads costs nothing beside the work on it.</summary>
    private const int Block = 1 << 20;

    /// <param name="alive">Told the bytes so far, once a block.</param>
    public static async Task<CopiedData> RunAsync(Stream from, IImageWriter to, long limit, Func<long, Task> alive, CancellationToken cancel)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var sha512 = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        byte[] front = ArrayPool<byte>.Shared.Rent(Block), back = ArrayPool<byte>.Shared.Rent(Block);
        var working = Task.CompletedTask;
        try
        {
            long size = 0;
            while (true)
            {
                var count = await from.ReadAtLeastAsync(front.AsMemory(0, Block), Block, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
                await working.ConfigureAwait(false);
                working = Task.CompletedTask;
                if (count == 0) { break; }
                size += count;
                if (size > limit) { throw new ImageTooLargeException(limit); }
                var block = front;
                working = Task.WhenAll(
                    Task.Run(() => md5.AppendData(block, 0, count), CancellationToken.None),
                    Task.Run(() => sha512.AppendData(block, 0, count), CancellationToken.None),
                    to.WriteAsync(block.AsMemory(0, count), CancellationToken.None).AsTask());
                (front, back) = (back, front);
                await alive(size).ConfigureAwait(false);
            }
            return new CopiedData(size, Convert.ToHexStringLower(md5.GetHashAndReset()), Convert.ToHexStringLower(sha512.GetHashAndReset()));
        }
        finally
        {
            // The buffers go back only when nobody reads them any more.
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(front);
            ArrayPool<byte>.Shared.Return(back);
        }
    }
}
