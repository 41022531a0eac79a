using Nephos.Kernel.Api;

namespace Nephos.Keystone.Tokens;

/// <summary>The keys of tokens and receipts: <c>STATE/fernet-keys</c>.</summary>
internal sealed class FernetKeys(CloudFacts facts, KeystoneSettings settings, TimeProvider clock) : KeyRepository(DirectoryIn(facts.StateDirectory), settings.FernetMaxActiveKeys, clock)
{
    public static string DirectoryIn(string state) => Path.Combine(state, "fernet-keys");
}
