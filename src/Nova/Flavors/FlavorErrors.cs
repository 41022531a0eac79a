using Nephos.Kernel.Errors;

namespace Nephos.Nova.Flavors;

/// <summary>Upstream's words (<c>nova/exception.py</c>).</summary>
internal static class FlavorErrors
{
    public static ApiError NotFound(string id) => new NotFoundError($"Flavor {id} could not be found.");
    public static ApiError NameExists(string name) => new ConflictError($"Flavor with name {name} already exists.");
    public static ApiError IdExists(string id) => new ConflictError($"Flavor with ID {id} already exists.");
    public static ApiError AccessExists(string id, string project) => new ConflictError($"Flavor access already exists for flavor {id} and project {project} combination.");
    public static ApiError AccessNotFound(string id, string project) => new NotFoundError($"Flavor access not found for {id} / {project} combination.");
    public static ApiError NoExtraSpec(string id, string key) => new NotFoundError($"Flavor {id} has no extra specs with key {key}.");
}
