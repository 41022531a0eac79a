namespace Nephos.Kernel.Errors;

/// <summary>
/// An answer other than success, thrown where it is found and written in one place by the service's <see cref="IErrorWriter"/>. The message is
/// public; what only the operator may see goes to <see cref="Exception.InnerException"/> and the log. Not allowed to see it is 404, allowed to
/// see but not to do it is 403.
/// </summary>
public class ApiError : Exception
{
    /// <param name="status">HTTP status.</param>
    /// <param name="message">For the user, in upstream's words.</param>
    /// <param name="type">Upstream's name of the error where the envelope shows it (<c>IpAddressInUse</c>), or its stable code (<c>placement.concurrent_update</c>).</param>
    public ApiError(int status, string message, string? type = null, Exception? inner = null) : base(message, inner)
    {
        Status = status;
        Type = type;
    }

    public int Status { get; }
    public string? Type { get; }
    /// <summary>The <c>detail</c> of Neutron's envelope; empty elsewhere.</summary>
    public string Detail { get; init; } = "";
    /// <summary>Headers that go with the answer: <c>Retry-After</c>, <c>Allow</c>, <c>WWW-Authenticate</c>.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }
}

/// <summary>400.</summary>
public sealed class BadRequestError(string message, string? type = null) : ApiError(400, message, type);

/// <summary>401.</summary>
public sealed class UnauthorizedError(string message = "The request you have made requires authentication.", string? type = null) : ApiError(401, message, type);

/// <summary>403.</summary>
public sealed class ForbiddenError(string message, string? type = null) : ApiError(403, message, type);

/// <summary>403 (413 in services that say so): a limit is reached.</summary>
public sealed class OverQuotaError(string message, string? type = null, int status = 403) : ApiError(status, message, type);

/// <summary>404.</summary>
public sealed class NotFoundError(string message, string? type = null) : ApiError(404, message, type);

/// <summary>409.</summary>
public sealed class ConflictError(string message, string? type = null) : ApiError(409, message, type);

/// <summary>503: try again later; says why.</summary>
public sealed class UnavailableError(string message, string? type = null) : ApiError(503, message, type);
