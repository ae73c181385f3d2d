using System.Security.Cryptography;
using Gateway.Storage;
using Microsoft.AspNetCore.DataProtection;

namespace Gateway.SignIn;

/// <summary>
/// Protects what a browser carries to the issuer and back (state, nonce) with a key that all replicas have from the
/// store: any of them can finish a sign-in that another one began.
/// </summary>
internal sealed class SignInKey(Database database) : IDataProtectionProvider, IDisposable
{
    private const int KeyLength = 32;

    private volatile byte[]? _key;
    private readonly SemaphoreSlim _loading = new(1);

    /// <summary>Must have completed before anything is protected.</summary>
    public async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        if (_key is not null)
            return;
        await _loading.WaitAsync(cancellationToken);
        try
        {
            _key ??= await database.WriteAsync(
                async (connection, transaction, cancellationToken) =>
                {
                    // The first replica makes it.
                    await connection
                        .PositionalCommand(
                            "insert into sign_in_key (id, key) values (1, @p0) on conflict do nothing",
                            RandomNumberGenerator.GetBytes(KeyLength)
                        )
                        .ExecuteAsync(transaction, cancellationToken);
                    var keys = await connection
                        .Command("select key from sign_in_key where id = 1")
                        .ReadAsync(row => (byte[])row.GetValue(0), cancellationToken, transaction);
                    return keys[0];
                },
                cancellationToken
            );
        }
        finally
        {
            _loading.Release();
        }
    }

    public IDataProtector CreateProtector(string purpose) => new Protector(this, purpose);

    public void Dispose() => _loading.Dispose();

    /// <summary>AES-GCM, with a key of its own for each purpose.</summary>
    private sealed class Protector(SignInKey root, string purpose) : IDataProtector
    {
        private const int NonceLength = 12;
        private const int TagLength = 16;

        public IDataProtector CreateProtector(string purpose1) => new Protector(root, $"{purpose}\n{purpose1}");

        public byte[] Protect(byte[] plaintext)
        {
            var output = new byte[NonceLength + TagLength + plaintext.Length];
            var nonce = output.AsSpan(0, NonceLength);
            RandomNumberGenerator.Fill(nonce);
            using var cipher = CreateCipher();
            cipher.Encrypt(nonce, plaintext, output.AsSpan(NonceLength + TagLength), output.AsSpan(NonceLength, TagLength));
            return output;
        }

        /// <exception cref="CryptographicException">It was not made with this key and purpose.</exception>
        public byte[] Unprotect(byte[] protectedData)
        {
            if (protectedData.Length < NonceLength + TagLength)
                throw new CryptographicException("Too short.");
            var output = new byte[protectedData.Length - NonceLength - TagLength];
            using var cipher = CreateCipher();
            cipher.Decrypt(
                protectedData.AsSpan(0, NonceLength),
                protectedData.AsSpan(NonceLength + TagLength),
                protectedData.AsSpan(NonceLength, TagLength),
                output
            );
            return output;
        }

        private AesGcm CreateCipher()
        {
            var key = root._key ?? throw new InvalidOperationException("The key has not been loaded.");
            return new AesGcm(
                HKDF.DeriveKey(HashAlgorithmName.SHA256, key, KeyLength, info: System.Text.Encoding.UTF8.GetBytes(purpose)),
                TagLength
            );
        }
    }
}
