# Both images are arguments, so that an organisation can build on its own bases, pinned by digest, and CI without a registry:
#   docker build --build-arg SDK_IMAGE=mcr.microsoft.com/dotnet/sdk@sha256:… --build-arg RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet@sha256:… .
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0

FROM ${SDK_IMAGE} AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Gateway/Gateway.csproj src/Gateway/packages.lock.json src/Gateway/
COPY src/Leonardo.Simulator/Leonardo.Simulator.csproj src/Leonardo.Simulator/packages.lock.json src/Leonardo.Simulator/
RUN dotnet restore src/Gateway --locked-mode
COPY src src
# Served at /docs.
COPY docs docs
COPY *.md ./
RUN dotnet publish src/Gateway --no-restore -c Release -o /app
# The native libraries of other systems are two thirds of what is published.
RUN find /app/runtimes -mindepth 1 -maxdepth 1 ! -name linux-x64 ! -name linux-arm64 ! -name linux-musl-x64 ! -name linux-musl-arm64 -exec rm -r {} +

FROM ${RUNTIME_IMAGE}
WORKDIR /app
COPY --from=build /app .
# The store is the only thing that is written: mount a volume at /data. Everything else may be read-only.
ENV ASPNETCORE_HTTP_PORTS=8080 \
    DOTNET_EnableDiagnostics=0 \
    Storage__ConnectionString="Data Source=/data/gateway.db" \
    Tenants__File=/etc/gateway/tenants.json
RUN mkdir /data && chown 64198:64198 /data
VOLUME /data
USER 64198:64198
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["dotnet", "Gateway.dll", "health"]
ENTRYPOINT ["dotnet", "Gateway.dll"]
