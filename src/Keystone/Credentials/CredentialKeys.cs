using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Credentials;

/// <summary>The keys that credentials are encrypted with at rest: <c>STATE/credential-keys</c>. Upstream: <c>keystone/credential/providers/fernet</c>.</summary>
internal sealed class CredentialKeys(string state, TimeProvider clock) : KeyRepository(DirectoryIn(state), MaxActiveKeys, clock)
{
    /// <summary>Upstream's constant: no more are needed, since no rotation is made before all credentials are under the primary key.</summary>
    private const int MaxActiveKeys = 3;
    private readonly TimeProvider _clock = clock;

    public CredentialKeys(CloudFacts facts, TimeProvider clock) : this(facts.StateDirectory, clock)
    {
    }

    public static string DirectoryIn(string state) => Path.Combine(state, "credential-keys");

    /// <summary>Tells under which key a row is.</summary>
    public string PrimaryHash => Current()[0].Hash;

    public (string Blob, string KeyHash) Encrypt(string blob)
    {
        var key = Current()[0];
        return (key.Encrypt(System.Text.Encoding.UTF8.GetBytes(blob), _clock.GetUtcNow().UtcDateTime), key.Hash);
    }

    public string Decrypt(string blob)
    {
        if (FernetKey.TryDecode(blob, int.MaxValue, out var bytes))
        {
            foreach (var key in Current())
            {
                if (key.TryDecrypt(bytes, out var plain, out _)) { return System.Text.Encoding.UTF8.GetString(plain); }
            }
        }
        throw new ApiError(500, "Credential could not be decrypted. Please contact the administrator");
    }
}
