import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "../lib/messageOf.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { toJson } from "../lib/toJson.ts";

/** What the API shows; each is called once per request and answers from memory. */
export interface ApiHandlers {
  /** Whether the keeper may be relied upon now, and if not, why. */
  isReady(): { readonly ready: boolean; readonly reason: string };
  /** Anything that JSON can hold, bigints included. */
  status(): unknown;
  /** The exposition of the metrics. */
  metrics(): string;
  /**
   * A JSON document of what this keeper knows to be signed, its own and others', for other keepers; null while it has not begun to
   * exchange. Absent: not served.
   */
  statements?(): string | null;
}

/** Where and what to serve. */
export interface ApiOptions {
  /** `127.0.0.1` unless told: the API has no authentication. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly handlers: ApiHandlers;
  /** Told when a handler throws; the client sees a 500 without details. */
  readonly onError?: (error: unknown, path: string) => void;
  /** How long `close` waits for answers under way. */
  readonly closeGraceMs?: number;
}

/** A running API. */
export interface Api {
  readonly host: string;
  /** The port that is really used. */
  readonly port: number;
  readonly url: string;
  /** Stops accepting, lets answers under way finish, then closes. Idempotent. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const JSON_TYPE = "application/json; charset=utf-8";
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * Serves `/healthz`, `/readyz`, `/status` and `/metrics`, and `/v1/statements` for other keepers.
 *
 * @throws KeeperError `PortTaken`, or `ApiListenFailed` when the address cannot be bound for another reason.
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const host = options.host ?? "127.0.0.1";
  const routes = routesOf(options.handlers);
  const server = createServer(
    { maxHeaderSize: 8_192, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 },
    (request, response) => serve(routes, request, response, options.onError),
  );
  server.maxConnections = 128;
  server.maxRequestsPerSocket = 1_000;
  await listen(server, host, options.port);
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    host,
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    close: () => (closing ??= closeServer(server, options.closeGraceMs ?? 1_000)),
  };
}

type Routes = ReadonlyMap<string, () => Answer>;

function routesOf(handlers: ApiHandlers): Routes {
  return new Map<string, () => Answer>([
    ...(handlers.statements === undefined
      ? []
      : [
          [
            "/v1/statements",
            () => {
              const body = handlers.statements?.() ?? null;
              // An empty document would be no keeper's: who asks would take this one for a hostile one, and leave it alone.
              if (body === null) return json(503, { error: "not yet: the keeper is starting" });
              return { status: 200, contentType: JSON_TYPE, body };
            },
          ] as const,
        ]),
    ["/healthz", () => json(200, { status: "alive" })],
    [
      "/readyz",
      () => {
        const { ready, reason } = handlers.isReady();
        return json(ready ? 200 : 503, { ready, reason });
      },
    ],
    ["/status", () => json(200, handlers.status())],
    ["/metrics", () => ({ status: 200, contentType: METRICS_TYPE, body: handlers.metrics() })],
  ]);
}

function serve(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
  onError: ApiOptions["onError"],
): void {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const answer = answerFor(routes, request, path, onError);
  const hasBody = carriesBody(request);
  response.writeHead(answer.status, {
    ...SECURITY_HEADERS,
    "content-type": answer.contentType,
    "content-length": Buffer.byteLength(answer.body),
    ...(answer.status === 405 ? { allow: "GET, HEAD" } : {}),
    // A body is never read: the connection cannot be used for a next request.
    ...(hasBody ? { connection: "close" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : answer.body);
}

function answerFor(routes: Routes, request: IncomingMessage, path: string, onError: ApiOptions["onError"]): Answer {
  const route = routes.get(path);
  if (route === undefined) return json(404, { error: "not found", paths: [...routes.keys()] });
  if (request.method !== "GET" && request.method !== "HEAD") return json(405, { error: "method not allowed" });
  if (carriesBody(request)) return json(413, { error: "a request has no body here" });
  try {
    return route();
  } catch (error: unknown) {
    onError?.(error, path);
    return json(500, { error: "internal error" });
  }
}

function carriesBody(request: IncomingMessage): boolean {
  const length = request.headers["content-length"];
  return request.headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

function json(status: number, value: unknown): Answer {
  const body = toJson(value, (_key, item: unknown) => (typeof item === "bigint" ? item.toString() : item));
  return { status, contentType: JSON_TYPE, body: `${body ?? "null"}\n` };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  try {
    server.listen({ host, port }, resolve);
    await promise;
  } catch (error: unknown) {
    throw listenError(error, host, port);
  }
  server.off("error", reject);
}

function listenError(error: unknown, host: string, port: number): KeeperError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    const message =
      `port ${port} on ${host} is taken by another program; ` +
      "choose another one with --api-port, or let the system choose with --api-port 0";
    return new KeeperError("PortTaken", message, { host, port }, { cause: error });
  }
  const reason = messageOf(error);
  const message = `the API cannot listen on ${host} port ${port} (${reason}); see --api-host and --api-port`;
  return new KeeperError("ApiListenFailed", message, { host, port, code }, { cause: error });
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await promise;
  clearTimeout(timer);
}
