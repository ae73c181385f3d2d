using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Tenants.Identification;

namespace Gateway.Tests.Generations;

/// <summary>A hang-up is seen through a proxy and on a connection that carries several requests.</summary>
public sealed class RepeatConnectionTests : RepeatTest
{
    [Theory]
    [InlineData("nginx")]
    [InlineData("haproxy")]
    public async Task The_shipped_proxy_passes_on_that_its_client_has_gone(string program)
    {
        await using var proxy = await ReverseProxy.StartShippedAsync(program, Folder, Gateway.Address);
        Leonardo.ScriptNext("slow:2");
        using (var first = await RawConnection.OpenAsync(proxy.Address))
        {
            await first.SendAsync(Raw("a cat"));
            await IsRunningForAWhileAsync();
        }

        using var repeat = await PostAsync("a cat");

        repeat.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        Leonardo.Invoice.Count.ShouldBe(1);
    }

    /// <summary>One connection carries several requests at once, and goes on when one of them is cancelled.</summary>
    [Fact]
    public async Task Over_HTTP2_a_cancelled_request_is_repeated_for_nothing_and_a_delivered_one_is_not()
    {
        await Gateway.DisposeAsync();
        var port = Ports.Free();
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = TestCertificates.Make("CN=gateway", now.AddDays(-1), now.AddDays(1));
        await File.WriteAllBytesAsync(Folder["tls.pfx"], certificate.Export(X509ContentType.Pkcs12), TestContext.Current.CancellationToken);
        Gateway = await StartGatewayAsync(
            ("ASPNETCORE_HTTPS_PORTS", $"{port}"),
            ("Kestrel__Certificates__Default__Path", Folder["tls.pfx"])
        );
        using var client = SecretScanningHandler.CreateClient(
            new Uri($"https://127.0.0.1:{port}"),
            new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, peer, _, _) => peer?.GetCertHashString() == certificate.Thumbprint,
            }
        );
        Leonardo.ScriptNext("slow:2");
        using (var gone = new CancellationTokenSource())
        {
            var first = SendAsync(client, "a cat", cancellationToken: gone.Token);
            await IsRunningForAWhileAsync();
            (await SendAsync(client, "a dog")).EnsureSuccessStatusCode();
            await gone.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => first);
        }

        using var repeat = await SendAsync(client, "a cat");
        using var twin = await SendAsync(client, "a cat");

        repeat.Version.ShouldBe(HttpVersion.Version20);
        repeat.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        twin.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();
        Leonardo.Invoice.Count.ShouldBe(3);
    }
}
