# The executable is built in the first stage and is all that the second one adds to its base.

FROM oven/bun:1.4.5 AS build
WORKDIR /build
# The packages first: a change of the sources alone leaves this layer as it is.
COPY package.json package-lock.json bunfig.toml ./
RUN bun install --frozen-lockfile --production --ignore-scripts
COPY scripts/build.ts scripts/
COPY src src
RUN bun scripts/build.ts
RUN mkdir /build/data

FROM debian:bookworm-slim
COPY --from=build /build/dist/kvnode /usr/local/bin/kvnode
# For DATA_DIR=/data: a volume that is new takes its owner from here.
COPY --from=build --chown=10001:10001 /build/data /data
VOLUME /data
# By number, so that nothing has to be added to the base for it.
USER 10001:10001
# A container that starts again may get another's address: a remembered one leads to the wrong node.
ENV BUN_CONFIG_DNS_TIME_TO_LIVE_SECONDS=0
# Memory that was freed is about to be taken again: see src/base/runtime-environment.ts.
ENV MIMALLOC_PURGE_DELAY=-1
EXPOSE 5000
HEALTHCHECK --interval=5s --timeout=3s --retries=3 CMD ["/usr/local/bin/kvnode", "health"]
ENTRYPOINT ["/usr/local/bin/kvnode"]
