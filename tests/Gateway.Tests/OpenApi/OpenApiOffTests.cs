using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

public sealed class OpenApiOffTests
{
    [Theory]
    [InlineData("/swagger")]
    [InlineData("/swagger/index.html")]
    [InlineData("/swagger/v1/swagger.json")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/openapi/admin.json")]
    public async Task With_OpenApi_Ui_off_neither_the_page_nor_a_document_is_served(string path)
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ("OpenApi:Ui", "false"));
        await using var usual = await GatewayApp.StartAsync();

        await (await gateway.GetAsync(path)).ProblemAsync(404, "not-found");
        ((int)(await usual.GetAsync(path)).StatusCode).ShouldBeLessThan((int)HttpStatusCode.BadRequest);
        (await gateway.PostAsync(GatewayApp.Guide)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
