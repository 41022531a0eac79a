#pragma warning disable RS0030 // It measures time.
#pragma warning disable CA5351 // The API's checksum is MD5.
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Nephos.Bench;

/// <summary>
/// An upload and a download of 1 GiB against what the machine can do: <c>dd</c> writes the same bytes to the same folder and flushes them, and one SHA-512 pass runs over them, one after the other; for the
/// download, <c>dd</c> reads the stored file. All in the same run, since disks and neighbours change.
/// </summary>
internal static class ImageBench
{
    private const long Size = 1L << 30;

    public static async Task RunAsync(Cloud cloud, string state, Action<string, string, string> row)
    {
        var source = Path.Combine(state, "bench.raw");
        await MakeAsync(source);
        try
        {
            // The reference and the upload take turns, so that both meet the same disk.
            var (references, uploads, reads, downloads) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
            var before = cloud.PssMib();
            var peak = before;
            using var watching = new CancellationTokenSource();
            var watch = Task.Run(async () =>
            {
                while (!watching.IsCancellationRequested)
                {
                    peak = Math.Max(peak, cloud.PssMib());
                    await Task.Delay(50);
                }
            });
            for (var round = 0; round < 3; round++)
            {
                var copy = Path.Combine(state, "bench.copy");
                references.Add(await Time(async () =>
                {
                    await Run("dd", "if=" + source, "of=" + copy, "bs=1M", "conv=fsync", "status=none");
                    await Run("sha512sum", copy);
                }));
                File.Delete(copy);
                var id = await Program.MakeImageAsync(cloud.Http);
                uploads.Add(await Time(() => UploadAsync(cloud.Http, id, source)));
                reads.Add(await Time(() => Run("dd", "if=" + Path.Combine(state, "images", id), "of=/dev/null", "bs=1M", "status=none")));
                downloads.Add(await Time(() => DownloadAsync(cloud.Http, id)));
                (await cloud.Http.DeleteAsync("/image/v2/images/" + id)).EnsureSuccessStatusCode();
            }
            await watching.CancelAsync();
            await watch;
            row("upload of 1 GiB (best of 3)", Rate(uploads.Min()), "");
            row("dd with fsync plus a SHA-512 pass, same bytes and disk (best of 3)", Rate(references.Min()), "");
            row("upload as share of that", Share(references.Min(), uploads.Min()), "80 %");
            row("download of 1 GiB (best of 3)", Rate(downloads.Min()), "");
            row("download as share of dd and SHA-512", Share(references.Min(), downloads.Min()), "80 %");
            row("dd of the stored file (from the page cache, as the download)", Rate(reads.Min()), "");
            row("memory growth during uploads and downloads of 1 GiB, PSS", (peak - before).ToString(CultureInfo.InvariantCulture) + " MiB", "30 MiB");
        }
        finally
        {
            File.Delete(source);
        }
    }

    private static async Task MakeAsync(string path)
    {
        var block = new byte[1 << 20];
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        for (var at = 0L; at < Size; at += block.Length)
        {
            RandomNumberGenerator.Fill(block);
            // No boot sector's signature by chance.
            if (at == 0) { block[510] = 0; }
            await file.WriteAsync(block);
        }
        file.Flush(flushToDisk: true);
    }

    private static async Task UploadAsync(HttpClient http, string id, string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        using var content = new StreamContent(file, 1 << 20) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream"), ContentLength = Size } };
        using var answer = await http.PutAsync($"/image/v2/images/{id}/file", content);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task DownloadAsync(HttpClient http, string id)
    {
        using var answer = await http.GetAsync($"/image/v2/images/{id}/file", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync();
        var buffer = new byte[1 << 20];
        var total = 0L;
        while (await body.ReadAsync(buffer) is var count and > 0) { total += count; }
        if (total != Size) { throw new InvalidOperationException($"{total} bytes came"); }
    }

    private static async Task Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        foreach (var argument in arguments) { start.ArgumentList.Add(argument); }
        using var process = Process.Start(start)!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) { throw new InvalidOperationException(program + " failed"); }
    }

    private static async Task<double> Time(Func<Task> work)
    {
        var watch = Stopwatch.StartNew();
        await work();
        return watch.Elapsed.TotalSeconds;
    }

    private static string Rate(double seconds) => (Size / seconds / (1 << 20)).ToString("#,##0", CultureInfo.InvariantCulture) + " MiB/s";

    private static string Share(double reference, double ours) => (100 * reference / ours).ToString("0", CultureInfo.InvariantCulture) + " %";
}
