using Gateway;
using Gateway.Admin;
using Gateway.Cli;
using Gateway.Docs;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Limits;
using Gateway.Generations;
using Gateway.Images;
using Gateway.Jobs;
using Gateway.Ledger;
using Gateway.Leonardo;
using Gateway.Mcp;
using Gateway.Models;
using Gateway.OpenAi;
using Gateway.OpenApi;
using Gateway.Quotas;
using Gateway.Reconciliation;
using Gateway.Results;
using Gateway.SignIn;
using Gateway.Storage;
using Gateway.Telemetry;
using Gateway.Tenants;
using Gateway.Uploads;
using Gateway.Webhooks;

if (CommandLine.Find(args) is { } command)
    return await command();

if (LimitOptions.TooFewFiles is { } tooFew)
    return Startup.Refuse([tooFew]);

var builder = GatewayBuilder.Create(args);
var settings = new Settings(builder.Configuration);

builder.AddEdge(settings);
builder.Services.AddStorage(StorageOptions.Read(settings));
builder.Services.AddTenants(settings, builder.Environment, [.. ModelCatalogue.All.Select(model => model.Name)]);
builder.Services.AddModels();
builder.Services.AddQuotas(QuotaOptions.Read(settings));
builder.Services.AddLeonardo(settings, builder.Environment);
builder.Services.AddGenerations();
builder.Services.AddResults(settings);
builder.Services.AddImages(settings);
builder.Services.AddUploads();
builder.Services.AddJobs();
builder.Services.AddOpenAi(settings);
builder.Services.AddMcp();
builder.Services.AddReconciliation(settings);
builder.Services.AddWebhooks(settings);
builder.Services.AddAdmin(settings, builder.Environment);
builder.Services.AddSignIn(settings, builder.Environment);
builder.Services.AddTelemetry(settings);
builder.Services.AddOpenApi(settings);
builder.Services.AddDocs();

// Only here has every setting been read.
if (args is [CheckCommand.Name])
    return CheckCommand.CheckSettings(settings, builder.Environment);
if (settings.Errors.Count > 0)
    return Startup.Refuse(settings.Errors);

var app = builder.Build();

// Each step sees what the ones before it let through: the request log first, then the route, then the rates, then who
// is calling.
app.UseTelemetry();
app.UseOpenAiErrors();
app.UseEdge();
app.UseRouting();
app.UseRates();
app.UseStaticContent();
app.UseOpenApi(settings);
app.UseAdmin();
app.UseQuotaHeaders();
app.UseIdentification();
app.UseNegotiation();

var all = app.MapWithHead();
all.MapEdge();
all.MapWebhooks();
all.MapMcpServer();
all.MapTelemetry();
all.MapAdmin();
all.MapDocs();
all.MapOpenAi();
all.MapSignIn();
foreach (var prefix in RoutePrefixes.All)
{
    var routes = all.MapGroup(prefix);
    routes.MapQuotas();
    routes.MapModels();
    routes.MapGenerations();
    routes.MapResults();
    routes.MapJobs();
    routes.MapUploads();
    routes.MapSessions();
}

return await Startup.RunAsync(app, settings);
