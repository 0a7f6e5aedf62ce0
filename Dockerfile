# A keeper, and nothing else: docker build --tag lockstep:0.1.0 .
#
# The base is pinned by its tag, which its maintainers can move. For a build that is the same for ever, pin it by digest:
#   docker buildx imagetools inspect node:24.21.0-bookworm-slim
#   docker build --build-arg BASE=node:24.21.0-bookworm-slim@sha256:<digest> .
ARG BASE=node:24.21.0-bookworm-slim

# What the package is made of: the compilers stay here.
FROM ${BASE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run --silent package

# What runs beside it, by the lockfile to the last package; without development tools, and without a Node, which the base has.
FROM ${BASE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${BASE}
# No package manager where keys are, and a user who owns nothing but the data.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* \
  && groupadd --gid 10001 lockstep \
  && useradd --uid 10001 --gid lockstep --no-create-home --home-dir /data --shell /usr/sbin/nologin lockstep \
  && install --directory --owner lockstep --group lockstep --mode 0700 /data
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=build /src/dist/package /app
ENV NODE_ENV=production LOCKSTEP_DATA_DIRECTORY=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 9464
# The keeper handles it as the first process too: orders end, the store is flushed, the lease is given back.
STOPSIGNAL SIGTERM
# Whether the process is alive, not whether it is ready: a replica that stands by, or rebuilds its books, is not to be restarted.
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:' + (process.env.LOCKSTEP_API_PORT ?? 9464) + '/healthz', { signal: AbortSignal.timeout(2500) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/scripts/package/lockstep.js"]
CMD ["run"]
