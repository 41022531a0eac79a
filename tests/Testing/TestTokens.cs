using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Auth;

namespace Nephos.Testing;

/// <summary>Tokens that carry their identity in the clear, so that a service's tests need no Keystone. Any other token goes to Keystone's validator.</summary>
public sealed class TestTokens(ITokenValidator? real) : ITokenValidator
{
    private const string Prefix = "test:";

    public static string Encode(Identity identity) => Prefix + Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(identity)));

    public async ValueTask<Identity?> ValidateAsync(string token, CancellationToken cancel) => token.StartsWith(Prefix, StringComparison.Ordinal)
        ? JsonSerializer.Deserialize<Identity>(Convert.FromBase64String(token[Prefix.Length..]))
        : real is null ? null : await real.ValidateAsync(token, cancel);

    public async ValueTask<Identity?> ValidateExpiredAsync(string token, CancellationToken cancel) =>
        token.StartsWith(Prefix, StringComparison.Ordinal) || real is null ? await ValidateAsync(token, cancel) : await real.ValidateExpiredAsync(token, cancel);

    internal static void Wrap(IServiceCollection services)
    {
        var registered = services.LastOrDefault(s => s.ServiceType == typeof(ITokenValidator));
        if (registered is not null) { services.Remove(registered); }
        services.AddSingleton<ITokenValidator>(p => new TestTokens(registered switch
        {
            null => null,
            { ImplementationFactory: { } factory } => (ITokenValidator)factory(p),
            { ImplementationInstance: { } instance } => (ITokenValidator)instance,
            _ => (ITokenValidator)ActivatorUtilities.CreateInstance(p, registered.ImplementationType!),
        }));
    }
}
