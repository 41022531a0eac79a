using Nephos.Kernel.Processes;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>iproute2 and nft inside a namespace: one process per batch, never one per rule.</summary>
internal sealed class KernelTools(IProcessRunner runner)
{
    /// <summary>Runs <c>ip -batch</c>. All lines are tried, so that one bad route does not keep the rest away; any failure throws in the end.</summary>
    public async Task IpAsync(Netns at, string batch, CancellationToken cancel)
    {
        if (batch.Length > 0)
        {
            await at.RunAsync(runner, "ip", ["-force", "-batch", "-"], batch, cancel);
        }
    }

    public async Task BridgeAsync(Netns at, string batch, CancellationToken cancel)
    {
        if (batch.Length > 0)
        {
            await at.RunAsync(runner, "bridge", ["-force", "-batch", "-"], batch, cancel);
        }
    }

    /// <summary>Runs one nft transaction: all or nothing.</summary>
    public async Task NftAsync(Netns at, string text, CancellationToken cancel)
    {
        if (text.Length > 0)
        {
            await at.RunAsync(runner, "nft", ["-f", "-"], text, cancel);
        }
    }

    public async Task<IReadOnlyDictionary<string, ObservedLink>> LinksAsync(Netns at, CancellationToken cancel, params IReadOnlyList<string> filter) =>
        IpObservation.Links(await at.RunAsync(runner, "ip", ["-j", "-d", "address", "show", .. filter], null, cancel));

    public async Task<IReadOnlyList<ObservedRoute>> RoutesAsync(Netns at, CancellationToken cancel)
    {
        var four = at.RunAsync(runner, "ip", ["-j", "-4", "route", "show"], null, cancel);
        var six = at.RunAsync(runner, "ip", ["-j", "-6", "route", "show"], null, cancel);
        return [.. IpObservation.Routes(await four, 4), .. IpObservation.Routes(await six, 6)];
    }

    /// <summary>The tunnel ends that a vxlan device floods to.</summary>
    public async Task<IReadOnlyList<string>> FloodTargetsAsync(Netns at, string device, CancellationToken cancel) =>
        IpObservation.FloodTargets(await at.RunAsync(runner, "bridge", ["-j", "fdb", "show", "dev", device], null, cancel));

    /// <summary>Makes a named namespace unless it exists; a file of that name that is no namespace (its mount is gone) is replaced. True when it was made.</summary>
    public async Task<bool> AddNamespaceAsync(string name, CancellationToken cancel)
    {
        if (Netns.Named(name).Exists())
        {
            return false;
        }
        if (File.Exists(Netns.Named(name).Path))
        {
            File.Delete(Netns.Named(name).Path!);
        }
        await runner.RunOrThrowAsync("ip", ["netns", "add", name], cancel: cancel);
        return true;
    }

    /// <summary>
    /// Removes a namespace and its devices. The kernel takes a namespace down in the background, some time after its name is gone; devices that are deleted by name are gone at once, and
    /// with them the other ends of pairs, whose names somebody may want to use again.
    /// </summary>
    public async Task RemoveNamespaceAsync(string name, CancellationToken cancel)
    {
        var at = Netns.Named(name);
        if (!File.Exists(at.Path))
        {
            return;
        }
        if (at.Exists())
        {
            await IpAsync(at, string.Concat(at.Interfaces().Where(static d => d != "lo").Select(static d => $"link del dev {d}\n")), cancel);
        }
        await runner.RunOrThrowAsync("ip", ["netns", "del", name], cancel: cancel);
    }
}
