using System.Text.Json;

namespace Nephos.Node.Compute.Qemu;

internal enum QmpKind
{
    Greeting,
    Return,
    Error,
    Event,
}

/// <summary>
/// One line that QEMU sends over its machine protocol (docs/interop/qmp-spec.txt of QEMU).
/// </summary>
/// <param name="Id">Our number of the command that is answered; zero without one.</param>
/// <param name="Name">The event's name, or the error's class.</param>
/// <param name="Body">What is returned, the event's data, or the greeting.</param>
/// <param name="Text">The error's description.</param>
internal sealed record QmpMessage(QmpKind Kind, long Id, string Name, JsonElement Body, string Text)
{
    /// <summary>Reads one line. Throws <see cref="FormatException"/> on what is not the protocol.</summary>
    public static QmpMessage Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var id = root.TryGetProperty("id", out var number) && number.TryGetInt64(out var value) ? value : 0;
            if (root.TryGetProperty("return", out var result))
            {
                return new QmpMessage(QmpKind.Return, id, "", result.Clone(), "");
            }
            if (root.TryGetProperty("error", out var error))
            {
                return new QmpMessage(QmpKind.Error, id, error.GetProperty("class").GetString()!, default, error.GetProperty("desc").GetString()!);
            }
            if (root.TryGetProperty("event", out var name))
            {
                return new QmpMessage(QmpKind.Event, 0, name.GetString()!, root.TryGetProperty("data", out var data) ? data.Clone() : default, "");
            }
            if (root.TryGetProperty("QMP", out var greeting))
            {
                return new QmpMessage(QmpKind.Greeting, 0, "", greeting.Clone(), "");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException("Not a line of QEMU's machine protocol", e);
        }
        throw new FormatException("Not a line of QEMU's machine protocol");
    }
}

/// <summary>QEMU refused a command.</summary>
internal sealed class QmpException(string command, string kind, string description) : Exception($"{command}: {description}")
{
    /// <summary>GenericError, DeviceNotFound, CommandNotFound, ...</summary>
    public string Kind { get; } = kind;

    public string Description { get; } = description;
}

/// <summary>The connection ended before the answer came: usually because the process did.</summary>
internal sealed class QmpClosedException() : Exception("QEMU closed its machine protocol connection");
