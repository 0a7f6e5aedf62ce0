import type { AddressInfo } from "node:net";
import { isIP } from "node:net";

import swagger from "@fastify/swagger";
import Fastify, { type FastifyError, type FastifyInstance } from "fastify";

import { KeeperError } from "../errors/KeeperError.ts";
import { messageOf } from "../lib/messageOf.ts";
import { EventStream } from "./EventStream.ts";
import { guardRequests, SECURITY_HEADERS } from "./guardRequests.ts";
import { openApiOptions } from "./openApi.ts";
import type { ApiHandlers } from "./ports.ts";
import { ApiProblem, problemOf, PROBLEM_TYPE, sendProblem } from "./problems.ts";
import { addBookRoutes } from "./routes/bookRoutes.ts";
import { addDrillRoute } from "./routes/drillRoute.ts";
import { addKeeperRoutes } from "./routes/keeperRoutes.ts";
import { addPageRoutes } from "./routes/pageRoutes.ts";

/** Where and what to serve. */
export interface ApiOptions {
  /** `127.0.0.1` unless told: the API has no authentication. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly handlers: ApiHandlers;
  /** Told when a handler throws; the client sees a 500 without details. */
  readonly onError?: (error: unknown, path: string) => void;
  /** Folder of the built dashboard. */
  readonly pages?: string;
  /** How long `close` waits for answers under way. */
  readonly closeGraceMs?: number;
  /** Between two signs of life of a stream. */
  readonly heartbeatMs?: number;
  /** Streams at a time. */
  readonly maxStreams?: number;
}

/** A running API. */
export interface Api {
  readonly host: string;
  /** The port that is really used. */
  readonly port: number;
  readonly url: string;
  /** To be told what happens. */
  readonly events: EventStream;
  /** Stops accepting, lets answers under way finish, then closes. Idempotent. */
  close(): Promise<void>;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;
/** Streams and requests together; more are not accepted. */
const MAX_CONNECTIONS = 640;

/**
 * Serves what operators and programs read: `/healthz`, `/readyz`, `/status`, `/metrics`, and `/v1/` as `/v1/openapi.json` describes
 * it. Nothing on it can act, but for the drill on a local chain.
 *
 * @throws KeeperError `PortTaken`, or `ApiListenFailed` when the address cannot be bound for another reason.
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const host = options.host ?? "127.0.0.1";
  const { handlers } = options;
  const events = new EventStream({
    snapshot: () => handlers.status(),
    heartbeat: () => handlers.heartbeat(),
    ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
    ...(options.maxStreams === undefined ? {} : { maxClients: options.maxStreams }),
  });
  const app = createApp();
  handleFailures(app, options.onError);
  guardRequests(app, LOOPBACK.test(host));
  await app.register(swagger, openApiOptions());
  await app.register((routes, _options, done) => {
    addKeeperRoutes(routes, handlers, events);
    addBookRoutes(routes, handlers);
    if (handlers.rehearsal !== undefined) addDrillRoute(routes, handlers.rehearsal);
    routes.get("/v1/openapi.json", { schema: { hide: true } }, () => app.swagger());
    done();
  });
  const { pages } = options;
  if (pages !== undefined) await app.register((routes) => addPageRoutes(routes, pages));
  await listen(app, host, options.port);
  app.server.maxConnections = MAX_CONNECTIONS;
  const { port } = app.server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    ...{ host, port, events },
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    close: () => (closing ??= close(app, events, options.closeGraceMs ?? 1_000)),
  };
}

function createApp(): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: 1_024,
    requestTimeout: 10_000,
    // Nothing is read or written for so long: streams say something more often.
    connectionTimeout: 15_000,
    keepAliveTimeout: 5_000,
    maxRequestsPerSocket: 10_000,
    http: { maxHeaderSize: 8_192, headersTimeout: 5_000 },
    return503OnClosing: true,
    // A parameter that there is not is an error, and not left out; numbers come as text.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, allErrors: false } },
    frameworkErrors: (error, _request, reply) => {
      void sendProblem(reply.headers(SECURITY_HEADERS), clientProblem(error));
    },
    clientErrorHandler: (error, socket) => {
      // The parser's errors come before there is a request.
      if (error.code === "ECONNRESET" || !socket.writable) return;
      const [status, phrase] =
        error.code === "HPE_HEADER_OVERFLOW" ? [431, "Request Header Fields Too Large"] : [400, "Bad Request"];
      const detail = status === 431 ? "the headers are longer than 8 KiB" : "this is no HTTP request";
      const body = `${JSON.stringify(problemOf(new ApiProblem(status, "MalformedRequest", detail)))}\n`;
      socket.end(
        `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      );
    },
  });
  // Answers are texts already, and what a schema promises is for the tests to hold.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  return app;
}

function handleFailures(app: FastifyInstance, onError: ApiOptions["onError"]): void {
  app.setNotFoundHandler((request, reply) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return sendProblem(reply, new ApiProblem(405, "MethodNotAllowed", "this API is for reading: GET or HEAD"));
    }
    return sendProblem(
      reply,
      new ApiProblem(404, "NoSuchPath", "nothing is served here: /v1/openapi.json lists what is"),
    );
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof ApiProblem) return sendProblem(reply, error);
    if (error.statusCode !== undefined && error.statusCode < 500) return sendProblem(reply, clientProblem(error));
    onError?.(error, request.url.split("?", 1)[0] ?? "");
    return sendProblem(
      reply,
      new ApiProblem(500, "InternalError", "an error of the keeper's own: its log has the details"),
    );
  });
}

/** What is wrong with a request, as the framework found it. */
function clientProblem(error: FastifyError): ApiProblem {
  if (error.validation !== undefined)
    return new ApiProblem(400, "BadParameter", `${error.message}: see /v1/openapi.json`);
  const status = error.statusCode ?? 400;
  const code = status === 414 ? "UriTooLong" : "BadRequest";
  return new ApiProblem(status, code, error.message);
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error: unknown) {
    await app.close();
    throw listenError(error, host, port);
  }
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

async function close(app: FastifyInstance, events: EventStream, graceMs: number): Promise<void> {
  events.close();
  const timer = setTimeout(() => {
    app.server.closeAllConnections();
  }, graceMs);
  await app.close();
  clearTimeout(timer);
}
