using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.OAuth1;

/// <summary>
/// A program of a third party that acts for users (OAuth 1.0a, RFC 5849). Upstream: identity api-ref, "OS-OAUTH1". It asks for a request token for a project, a user authorizes that with some
/// roles, and it exchanges the authorized one for an access token, by which it logs in.
/// </summary>
public sealed class Consumer
{
    public required string Id { get; set; }
    /// <summary>Signs requests; shown once.</summary>
    public required string Secret { get; set; }
    public string? Description { get; set; }
    public string Extra { get; set; } = Keystone.Extra.None;

    internal static void Map(ModelBuilder model)
    {
        model.Entity<Consumer>(consumer =>
        {
            consumer.ToTable("oauth1_consumers");
            consumer.HasKey(c => c.Id);
        });
        model.Entity<RequestToken>(token =>
        {
            token.ToTable("oauth1_request_tokens");
            token.HasKey(t => t.Id);
            token.HasIndex(t => t.ConsumerId);
            token.HasIndex(t => t.ExpiresAt);
            token.HasOne<Consumer>().WithMany().HasForeignKey(t => t.ConsumerId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<AccessToken>(token =>
        {
            token.ToTable("oauth1_access_tokens");
            token.HasKey(t => t.Id);
            token.HasIndex(t => t.ConsumerId);
            token.HasIndex(t => t.AuthorizingUserId);
            token.HasOne<Consumer>().WithMany().HasForeignKey(t => t.ConsumerId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>What a consumer asks for; good once, after a user has authorized it.</summary>
public sealed class RequestToken
{
    public required string Id { get; set; }
    public required string ConsumerId { get; set; }
    public required string RequestSecret { get; set; }
    public required string RequestedProjectId { get; set; }
    /// <summary>Null until it is authorized, as the verifier and the roles.</summary>
    public string? AuthorizingUserId { get; set; }
    public string? Verifier { get; set; }
    /// <summary>Ids, separated by commas.</summary>
    public string? RoleIds { get; set; }
    /// <summary>Null: never.</summary>
    public DateTime? ExpiresAt { get; set; }
}

/// <summary>By it a consumer acts as a user, with some roles on a project.</summary>
public sealed class AccessToken
{
    public required string Id { get; set; }
    public required string ConsumerId { get; set; }
    public required string AccessSecret { get; set; }
    public required string AuthorizingUserId { get; set; }
    public required string ProjectId { get; set; }
    /// <summary>Ids, separated by commas.</summary>
    public required string RoleIds { get; set; }
    /// <summary>Null: never.</summary>
    public DateTime? ExpiresAt { get; set; }
}
