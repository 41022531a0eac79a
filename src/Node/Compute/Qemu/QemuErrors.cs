namespace Nephos.Node.Compute.Qemu;

/// <summary>Why QEMU did not start, in words for the guest's owner, out of what it printed.</summary>
internal static class QemuErrors
{
    private const string Prefix = "qemu-system-x86_64: ";

    public const string Missing = "qemu-system-x86_64 is not installed: apt install qemu-system-x86";

    public static string Words(string printed)
    {
        if (printed.Contains("could not configure /dev/net/tun", StringComparison.Ordinal))
        {
            return printed.Contains("Device or resource busy", StringComparison.Ordinal)
                ? "A tap device of the guest is in use by another process"
                : "The host refused to make a tap device";
        }
        if (printed.Contains("Cannot allocate memory", StringComparison.Ordinal) || printed.Contains("cannot set up guest memory", StringComparison.Ordinal))
        {
            return "The host has not enough free memory for the guest";
        }
        if (printed.Contains("No space left on device", StringComparison.Ordinal))
        {
            return "The host's disk is full";
        }
        if (printed.Contains("Failed to get \"write\" lock", StringComparison.Ordinal))
        {
            return "The guest's disk is in use by another process";
        }
        var last = printed.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault(line => !line.Contains("warning:", StringComparison.Ordinal)) ?? "it gave no reason";
        return "QEMU did not start: " + (last.StartsWith(Prefix, StringComparison.Ordinal) ? last[Prefix.Length..] : last);
    }
}
