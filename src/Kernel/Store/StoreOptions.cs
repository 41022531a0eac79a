namespace Nephos.Kernel.Store;

/// <summary>Where the services keep their rows.</summary>
public sealed record StoreOptions
{
    /// <summary>Folder of the SQLite files, one a service; used when <see cref="Postgres"/> is null.</summary>
    public required string Directory { get; init; }

    /// <summary>Npgsql connection string; each service has a schema of its own in that database.</summary>
    public string? Postgres { get; init; }

    /// <summary>SQLite's <c>synchronous</c>. <c>FULL</c>: a commit survives a power cut. <c>NORMAL</c>: the last commits may be lost then, never the database. <c>OFF</c>: for tests.</summary>
    public string Synchronous { get; init; } = "FULL";
}
