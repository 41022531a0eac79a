using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nephos.Kernel.Api;

namespace Nephos.Kernel.Audit;

/// <summary>
/// The file of the audit trail: a JSON object a line, readable by its owner only. Lines are written in the background, many at a time; when the disk falls behind, requests wait rather than lose their
/// event. A file that is full is put aside (<c>audit.jsonl.1</c> is the youngest). A disk that takes nothing is told to the log: the cloud goes on.
/// </summary>
public sealed partial class AuditLog(AuditSettings settings, CloudFacts facts, ILogger<AuditLog> log) : BackgroundService
{
    private readonly Channel<byte[]> _lines = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(10_000) { SingleReader = true });

    public string Path { get; } = System.IO.Path.GetFullPath(settings.File ?? System.IO.Path.Combine(facts.StateDirectory, "audit.jsonl"));

    /// <summary>Taken when this returns, on the disk soon after.</summary>
    public ValueTask WriteAsync(byte[] line) => _lines.Writer.TryWrite(line) ? ValueTask.CompletedTask : SlowlyAsync(line);

    private async ValueTask SlowlyAsync(byte[] line)
    {
        try { await _lines.Writer.WriteAsync(line).ConfigureAwait(false); }
        catch (ChannelClosedException) { LogLost("the program ends"); }
    }

    /// <summary>Ends when all lines are written, not when the host says so: the last requests' events are in the queue then.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _lines.Writer.TryComplete();
        if (ExecuteTask is { } writing) { await writing.WaitAsync(TimeSpan.FromSeconds(5), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); }
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!settings.Enabled) { return; }
        FileStream? file = null;
        try
        {
            while (await _lines.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
            {
                try
                {
                    file ??= Open();
                    while (_lines.Reader.TryRead(out var line)) { await file.WriteAsync(line, CancellationToken.None).ConfigureAwait(false); }
                    await file.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                    if (file.Length >= settings.MaxSizeMib * 1024L * 1024L)
                    {
                        await file.DisposeAsync().ConfigureAwait(false);
                        file = null;
                        PutAside();
                    }
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    LogLost(error.Message);
                    if (file is not null) { await file.DisposeAsync().ConfigureAwait(false); }
                    file = null;
                }
            }
        }
        finally
        {
            if (file is not null) { await file.DisposeAsync().ConfigureAwait(false); }
        }
    }

    private FileStream Open()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 1 << 16 };
        if (!OperatingSystem.IsWindows()) { options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; }
        return new FileStream(Path, options);
    }

    private void PutAside()
    {
        string Numbered(int number) => Path + "." + number.ToString(CultureInfo.InvariantCulture);
        if (settings.KeptFiles == 0) { File.Delete(Path); return; }
        File.Delete(Numbered(settings.KeptFiles));
        for (var i = settings.KeptFiles - 1; i >= 1; i--)
        {
            if (File.Exists(Numbered(i))) { File.Move(Numbered(i), Numbered(i + 1)); }
        }
        File.Move(Path, Numbered(1));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "events of the audit trail are lost: {Why}")]
    private partial void LogLost(string why);
}
