using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Gateway.Leonardo.Replies;
using Gateway.Storage;

namespace Gateway.Uploads;

/// <summary>
/// Who owns which upload. As with generations, every look-up for a caller is by tenant and id together (T-B8).
/// </summary>
internal sealed class UploadRepository(Database database, TimeProvider time)
{
    /// <summary>
    /// The upstream's form is valid for two minutes. The gateway's own address expires earlier, so that an accepted
    /// file can still be relayed.
    /// </summary>
    private static readonly TimeSpan FormLifetime = TimeSpan.FromSeconds(115);

    /// <param name="token">The secret in the gateway's own upload address; only its hash is stored.</param>
    /// <param name="completed">Whether the file is stored already.</param>
    /// <returns>False: the id is already recorded and keeps its owner.</returns>
    public Task<bool> AddAsync(
        string tenant,
        UploadForm form,
        string extension,
        string token,
        bool completed,
        CancellationToken cancellationToken
    ) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var now = time.GetUtcNow();
                return await connection
                        .Command(
                            "insert into upload (id, tenant, extension, token, form_url, form_fields, created_at, expires_at, completed_at) "
                                + "values (@id, @tenant, @extension, @token, @url, @fields, @now, @expires, @completed) on conflict do nothing",
                            ("@id", form.Id),
                            ("@tenant", tenant),
                            ("@extension", extension),
                            ("@token", Hash(token)),
                            ("@url", completed ? null : form.Url.AbsoluteUri),
                            ("@fields", completed ? null : form.WriteFields()),
                            ("@now", now.Micros()),
                            ("@expires", (completed ? now : now + FormLifetime).Micros()),
                            ("@completed", completed ? now.Micros() : null)
                        )
                        .ExecuteAsync(transaction, cancellationToken) == 1;
            },
            cancellationToken
        );

    public async Task<StoredUpload?> FindAsync(string tenant, string id, CancellationToken cancellationToken) =>
        await FindAsync(tenant, id, null, cancellationToken);

    /// <summary>Finds an upload by the gateway's own address, until that expires.</summary>
    /// <param name="tenant">
    /// Must own the upload. Null: the caller is not identified; the token alone authorizes it.
    /// </param>
    public async Task<StoredUpload?> FindAddressAsync(string? tenant, string id, string token, CancellationToken cancellationToken) =>
        await FindAsync(tenant, id, token, cancellationToken) is { } upload && upload.ExpiresAt > time.GetUtcNow() ? upload : null;

    public Task CompleteAsync(string id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command(
                        "update upload set completed_at = @now, form_url = null, form_fields = null where id = @id",
                        ("@now", time.GetUtcNow().Micros()),
                        ("@id", id)
                    )
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        );

    public Task DeleteAsync(string tenant, string id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command("delete from upload where tenant = @tenant and id = @id", ("@tenant", tenant), ("@id", id))
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        );

    /// <param name="tenant">Null: any.</param>
    /// <param name="token">Null: any.</param>
    private Task<StoredUpload?> FindAsync(string? tenant, string id, string? token, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
                (
                    await connection
                        .Command(
                            "select id, tenant, extension, created_at, expires_at, form_url, form_fields from upload "
                                + "where id = @id and tenant = coalesce(@tenant, tenant) and token = coalesce(@token, token)",
                            ("@id", id),
                            ("@tenant", tenant),
                            ("@token", token is null ? null : Hash(token))
                        )
                        .ReadAsync(Read, cancellationToken)
                ).SingleOrDefault(),
            cancellationToken
        );

    private static StoredUpload Read(DbDataReader row)
    {
        var form =
            row.GetStringOrNull(5) is { } url && row.GetStringOrNull(6) is { } fields
                ? new UploadForm(row.GetString(0), new Uri(url), UploadForm.ParseFields(fields) ?? [])
                : null;
        return new StoredUpload(row.GetString(0), row.GetString(1), row.GetString(2), row.GetTime(3), row.GetTime(4), form);
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
