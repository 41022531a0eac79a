using Microsoft.Extensions.DependencyInjection;
using Nephos.Keystone.Receipts;

namespace Nephos.Keystone.AuthMethods;

/// <summary>All methods. A new one goes here, and at the end of <see cref="Tokens.TokenPayload.MethodNames"/>.</summary>
internal static class AuthMethodList
{
    public static void AddAuthMethods(this IServiceCollection services)
    {
        services.AddSingleton<UserFinder>();
        services.AddSingleton<IAuthMethod, PasswordMethod>();
        services.AddSingleton<FactorRules>();
        services.AddSingleton<IAuthMethod, TokenMethod>();
        services.AddSingleton<IAuthMethod, TotpMethod>();
        services.AddSingleton<IAuthMethod, OAuth1Method>();
        services.AddSingleton<IAuthMethod, ExternalMethod>();
        foreach (var name in MappedMethod.Names) { services.AddSingleton<IAuthMethod>(p => ActivatorUtilities.CreateInstance<MappedMethod>(p, name)); }
        services.AddSingleton<ApplicationCredentialMethod>();
        services.AddSingleton<IAuthMethod>(p => p.GetRequiredService<ApplicationCredentialMethod>());
    }
}
