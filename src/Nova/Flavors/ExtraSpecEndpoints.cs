using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;

namespace Nephos.Nova.Flavors;

/// <summary>Extra specs of flavors (api-ref compute, "Flavors extra-specs").</summary>
internal static class ExtraSpecEndpoints
{
    public const string Index = "os_compute_api:os-flavor-extra-specs:index";

    public static void Map(ResourceGroup specs)
    {
        specs.Get("", List).Policy(Index, Rules.ProjectReader).NotPaged("upstream gives the whole map");
        specs.Post("", Create).Policy("os_compute_api:os-flavor-extra-specs:create", Rules.Admin);
        specs.Get("/{key}", Show).Policy("os_compute_api:os-flavor-extra-specs:show", Rules.ProjectReader);
        specs.Put("/{key}", Update).Policy("os_compute_api:os-flavor-extra-specs:update", Rules.Admin);
        specs.Delete("/{key}", Delete).Policy("os_compute_api:os-flavor-extra-specs:delete", Rules.Admin);
    }

    private static async Task<Reply> List(Call call) => Reply.Member("extra_specs", (await FlavorEndpoints.Find(call)).ExtraSpecs);

    private static async Task<Reply> Create(Call call)
    {
        var body = await call.BodyAsync<SpecsBody>(null);
        var specs = ExtraSpecs.Read(body.ExtraSpecs, call.Endpoint.Api.Errors);
        ExtraSpecRules.Check(call.Version, specs);
        await call.Get<FlavorOperations>().SetExtraSpecsAsync(call.Context, call.Route("id"), specs);
        return Reply.Member("extra_specs", specs);
    }

    private static async Task<Reply> Show(Call call)
    {
        var flavor = await FlavorEndpoints.Find(call);
        return flavor.ExtraSpecs.TryGetValue(call.Route("key"), out var value)
            ? Reply.Member(call.Route("key"), value)
            : throw FlavorErrors.NoExtraSpec(flavor.Id, call.Route("key"));
    }

    private static async Task<Reply> Update(Call call)
    {
        var specs = ExtraSpecs.Read(await call.JsonAsync(), call.Endpoint.Api.Errors);
        if (specs.Count != 1) { throw new BadRequestError($"{{}} {(specs.Count == 0 ? "does not have enough properties" : "has too many properties")}"); }
        ExtraSpecRules.Check(call.Version, specs);
        if (!specs.ContainsKey(call.Route("key"))) { throw new BadRequestError("Request body and URI mismatch"); }
        await call.Get<FlavorOperations>().SetExtraSpecsAsync(call.Context, call.Route("id"), specs);
        return Reply.Member(call.Route("key"), specs[call.Route("key")]);
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<FlavorOperations>().RemoveExtraSpecAsync(call.Context, call.Route("id"), call.Route("key"));
        return Reply.Empty();
    }

    private sealed record SpecsBody
    {
        [Kernel.Wire.RequiredField] public required System.Text.Json.JsonElement ExtraSpecs { get; init; }
    }
}
