using Gateway;
using Gateway.Admin;
using Gateway.Cli;
using Gateway.Edge;
using Gateway.Generations;
using Gateway.Ledger;
using Gateway.Leonardo;
using Gateway.Models;
using Gateway.OpenApi;
using Gateway.Quotas;
using Gateway.Storage;
using Gateway.Telemetry;
using Gateway.Tenants;
using Gateway.Webhooks;

if (args is ["new-token"])
    return NewToken.Run(Console.Out);
if (args is ["health"])
    return await HealthCommand.RunAsync();

var builder = Startup.CreateBuilder(args);
var settings = new Settings(builder.Configuration);

builder.AddEdge(settings);
builder.Services.AddStorage(StorageOptions.Read(settings));
builder.Services.AddTenants(settings, builder.Environment, [.. ModelCatalogue.All.Select(model => model.Name)]);
builder.Services.AddModels();
builder.Services.AddQuotas(QuotaOptions.Read(settings));
builder.Services.AddLeonardo(settings, builder.Environment);
builder.Services.AddGenerations(settings);
builder.Services.AddAdmin(settings, builder.Environment);
builder.Services.AddTelemetry(settings);
builder.Services.AddOpenApi(settings);

if (settings.Errors.Count > 0)
    return Startup.Refuse(settings.Errors);

var app = builder.Build();

app.UseTelemetry();
app.UseEdge();
app.UseRequestRate();
app.UseOpenApi(settings);
app.UseRouting();
app.UseAdmin();
app.UseQuotaHeaders();
app.UseIdentification();
app.UseNegotiation();

app.MapEdge();
app.MapWebhooks();
app.MapTelemetry();
app.MapAdmin();
foreach (var prefix in Startup.Prefixes)
{
    var routes = app.MapGroup(prefix);
    routes.MapQuotas();
    routes.MapModels();
    routes.MapGenerations();
}

return await Startup.RunAsync(app, settings);
