using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Catalog;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// A token's body as bytes: the token's own part is rendered once in its life and kept with it, the catalog once per project. What is left to do per request is to send the pieces.
/// </summary>
internal sealed class TokenRenderer(CatalogCache catalogs)
{
    private static readonly byte[] CatalogKey = ",\"catalog\":"u8.ToArray();
    private static readonly byte[] End = "}}"u8.ToArray();

    public async ValueTask<Reply> ReplyAsync(TokenModel model, bool withCatalog, CancellationToken cancel)
    {
        // Ends before the token's closing brace.
        var head = model.Rendered ??= Head(model);
        return withCatalog && model.IsScoped
            ? Reply.Utf8("application/json", head, CatalogKey, await catalogs.JsonAsync(model.Payload.ProjectId, model.Narrowing.Trust?.TrustorUserId ?? model.Payload.UserId, cancel).ConfigureAwait(false), End)
            : Reply.Utf8("application/json", head, End);
    }

    private static byte[] Head(TokenModel model)
    {
        var token = JsonSerializer.SerializeToUtf8Bytes(TokenView.Of(model, null), WireJson.For(ApiVersion.None));
        return [.. "{\"token\":"u8, .. token.AsSpan(..^1)];
    }
}
