using System.Text;
using Nephos.Contracts.Node;

namespace Nephos.Node.Networks.Metadata;

/// <summary>What a path of the metadata service answers. Null <see cref="MetadataTree.Find"/>: not found.</summary>
internal sealed record MetadataAnswer(byte[] Body, string ContentType);

/// <summary>
/// Looks paths up in an instance's tree as upstream's metadata service does (nova/api/metadata/base.py): a file is itself; a directory is the list of its names, one a line,
/// without a newline at the end. Under EC2's roots directories end in a slash and a directory that holds <c>_name</c> is listed as <c>0=NAME</c> (public keys); under <c>openstack</c>
/// names are plain.
/// </summary>
internal static class MetadataTree
{
    private const string OpenStack = "openstack";
    private const string NameFile = "_name";

    public static MetadataAnswer? Find(InstanceTree tree, string path)
    {
        var wanted = string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
        if (wanted.EndsWith("/" + NameFile, StringComparison.Ordinal))
        {
            return null;
        }
        if (tree.Files.TryGetValue(wanted, out var file))
        {
            return new MetadataAnswer(file, wanted.EndsWith(".json", StringComparison.Ordinal) ? "application/json" : "text/plain; charset=utf-8");
        }
        var names = Children(tree, wanted);
        return names.Count == 0 ? null : new MetadataAnswer(Encoding.UTF8.GetBytes(string.Join('\n', names)), "text/plain; charset=utf-8");
    }

    private static SortedSet<string> Children(InstanceTree tree, string directory)
    {
        var prefix = directory.Length == 0 ? "" : directory + "/";
        var plain = directory.Length == 0 || directory.StartsWith(OpenStack, StringComparison.Ordinal);
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in tree.Files.Keys.Where(p => p.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var rest = path[prefix.Length..];
            var slash = rest.IndexOf('/', StringComparison.Ordinal);
            var name = slash < 0 ? rest : rest[..slash];
            if (name == NameFile || (directory.Length == 0 && name == OpenStack) || (directory == OpenStack && name == "content"))
            {
                // The root lists EC2's versions, and openstack its own.
                continue;
            }
            names.Add(slash < 0 || plain ? name
                : tree.Files.TryGetValue($"{prefix}{name}/{NameFile}", out var label) ? $"{name}={Encoding.UTF8.GetString(label)}" : name + "/");
        }
        return names;
    }
}
