# The image server without anything of .NET to install. docs/packages.md says how it is built and run.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
COPY global.json Directory.Build.props Directory.Packages.props LICENSE ./
COPY build build
COPY models/materials models/materials
COPY models/orchard models/orchard
COPY bench/Hita.Bench bench/Hita.Bench
COPY src src
RUN dotnet publish src/Hita.Cli/Hita.Cli.csproj -c Release -r linux-x64 --self-contained -p:RunAnalyzers=false -o /app

FROM debian:trixie-slim
LABEL org.opencontainers.image.title="Hita for .NET" org.opencontainers.image.licenses="MIT"
# The hub is reached by TLS; nothing else of the system is needed.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin hita && install -d -o hita -g hita /data
COPY --from=build /app /app
# Models, what is fetched from the hub, and what can be made again.
ENV HOME=/data HF_HOME=/data/huggingface HITA_CACHE=/data/cache HITA_MODELS=/data/models
VOLUME /data
WORKDIR /data
USER hita
EXPOSE 7336
# By the shell itself: there is no curl here. A port of your own in --urls goes into HITA_PORT too.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${HITA_PORT:-7336} && printf 'GET /health/live HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r answer <&3 && [[ $answer == *' 200 '* ]]"]
ENTRYPOINT ["/app/hita"]
# Others than this machine's own programs need a key: a file of them, one a line.
CMD ["serve", "--urls", "http://0.0.0.0:7336", "--api-key-file", "/run/secrets/hita-keys"]
