using Gateway;
using Gateway.Edge;
using Gateway.Generations;
using Gateway.Generations.Webhooks;
using Gateway.Leonardo;
using Gateway.Models;
using Gateway.OpenApi;
using Gateway.Quotas;
using Gateway.Storage;
using Gateway.Tenants;

if (args is ["new-token"])
    return NewToken.Run(Console.Out);
if (args is ["health"])
    return await HealthCommand.RunAsync();

var builder = Startup.CreateBuilder(args);
var settings = new Settings(builder.Configuration);

builder.AddEdge();
builder.Services.AddStorage(StorageOptions.Read(settings));
builder.Services.AddTenants(settings, builder.Environment, [.. ModelCatalogue.All.Select(model => model.Name)]);
builder.Services.AddQuotas(QuotaOptions.Read(settings));
builder.Services.AddLeonardo(settings, builder.Environment);
builder.Services.AddGenerations(settings);
builder.Services.AddOpenApi();

if (settings.Errors.Count > 0)
    return Startup.Refuse(settings.Errors);

var app = builder.Build();

app.UseEdge();
app.UseOpenApi(settings);
app.UseRouting();
app.UseIdentification();
app.UseQuotaHeaders();

app.MapEdge();
app.MapWebhooks();
foreach (var prefix in Startup.Prefixes)
{
    var routes = app.MapGroup(prefix);
    routes.MapQuotas();
    routes.MapModels();
    routes.MapGenerations();
}

return await Startup.RunAsync(app);
