using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Receipts;

/// <summary>
/// The user's option <c>multi_factor_auth_rules</c>: the methods that succeeded must hold all of one rule. Methods that this cloud does not offer do not count, and a rule of only such is no rule, as
/// upstream has it, so that nobody is locked out by a setting. Upstream: <c>UserMFARulesValidator</c> in <c>keystone/auth/core.py</c>.
/// </summary>
internal sealed class FactorRules(Store<KeystoneDb> store, FernetKeys keys, KeystoneSettings settings)
{
    /// <summary>The methods that a receipt in the header vouches for; 401 when it is none, over, or another user's.</summary>
    public IReadOnlyList<string> MethodsOfReceipt(string? text, string userId, DateTime now)
    {
        if (string.IsNullOrEmpty(text)) { return []; }
        var receipt = Receipt.Decrypt(keys, text);
        return receipt is not null && receipt.UserId == userId && now < receipt.ExpiresAt
            ? new TokenPayload { UserId = userId, Methods = receipt.Methods, ExpiresAt = receipt.ExpiresAt, AuditIds = [] }.MethodList
            : throw new UnauthorizedError($"Could not find auth receipt: {text}.");
    }

    public async Task EnsureAsync(RequestContext context, string userId, IReadOnlyList<string> methods, IReadOnlyCollection<string> offered, CancellationToken cancel)
    {
        var user = await store.ReadAsync(db => db.Users.Where(u => u.Id == userId).Select(u => new { u.Id, u.Name, u.DomainId, u.Options }).FirstOrDefaultAsync(), cancel);
        if (user is null) { return; }
        var options = Extra.Read(user.Options);
        if (!options.TryGetValue("multi_factor_auth_rules", out var given) || (options.TryGetValue("multi_factor_auth_enabled", out var enabled) && enabled.ValueKind == JsonValueKind.False)) { return; }
        var rules = given.EnumerateArray().Select(rule => rule.EnumerateArray().Select(m => m.GetString()!).Distinct().ToList()).ToList();
        var sensible = rules.Select(rule => rule.Where(offered.Contains).ToList()).Where(rule => rule.Count > 0).ToList();
        if (sensible.Count == 0 || sensible.Exists(rule => rule.TrueForAll(methods.Contains))) { return; }
        var domain = await store.ReadAsync(db => db.Projects.Where(p => p.Id == user.DomainId).Select(p => p.Name).FirstOrDefaultAsync(), cancel);
        var receipt = new Receipt(userId, TokenPayload.MethodsOf(methods), TokenInvalidation.Second(context.Now + settings.Auth.ReceiptExpiration));
        var view = new ReceiptView(methods, new NameInDomainView(new NameView(user.DomainId, domain ?? ""), user.Id, user.Name), WireTime.MicrosZ(receipt.ExpiresAt), WireTime.MicrosZ(TokenInvalidation.Second(context.Now)));
        throw ReceiptError.Of(receipt.Encrypt(keys, context.Now), view, rules);
    }
}
