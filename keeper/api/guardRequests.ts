import type { ServerResponse } from "node:http";
import { isIP, type Socket } from "node:net";

import type { FastifyInstance, FastifyRequest } from "fastify";

import { ApiProblem } from "./problems.ts";

/** Requests of one connection whose answers are not taken yet. */
const MAX_PENDING = 8;

/** Sent with every answer. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * Refuses, before anything else is looked at: bodies, methods that do more than read, targets that name a host, and names of this
 * machine that somebody else's name server made up. Puts the security headers on every answer.
 *
 * @param isLoopback only programs of this machine can connect: a page of another site that does so has a name for it
 */
export function guardRequests(app: FastifyInstance, isLoopback: boolean): void {
  const pending = new WeakMap<Socket, number>();
  app.addHook("onRequest", async (request, reply) => {
    if (!admit(request.raw.socket, reply.raw, pending)) {
      reply.hijack();
      return;
    }
    reply.headers(SECURITY_HEADERS);
    if (!isPlain(request)) {
      throw new ApiProblem(400, "TargetRefused", "ask for a path, which begins with a slash, of one host, named once");
    }
    if (carriesBody(request) && request.routeOptions.config.takesBody !== true) {
      // It is never read: the connection cannot be used for a next request.
      reply.header("connection", "close");
      throw new ApiProblem(413, "BodyRefused", "a request has no body here: send it without one");
    }
    if (isLoopback && !isOwnName(request.headers.host ?? "")) {
      throw new ApiProblem(
        421,
        "NameRefused",
        "this keeper listens for programs of its own machine only: ask for 127.0.0.1, [::1] or localhost (DNS rebinding is refused)",
      );
    }
    return Promise.resolve();
  });
}

/**
 * Answers wait in memory until those before them are taken, and whoever asks on without reading would have all of them made: its
 * connection ends.
 */
function admit(socket: Socket, response: ServerResponse, pending: WeakMap<Socket, number>): boolean {
  if (socket.destroyed) return false;
  const count = (pending.get(socket) ?? 0) + 1;
  if (count > MAX_PENDING) {
    socket.destroy();
    return false;
  }
  pending.set(socket, count);
  response.once("close", () => pending.set(socket, (pending.get(socket) ?? 1) - 1));
  return true;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route reads a body. */
    readonly takesBody?: boolean;
  }
}

/** Whoever stands before the keeper may believe another one of two hosts than the keeper does. */
function isPlain({ raw: { url, rawHeaders } }: FastifyRequest): boolean {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
  return url?.startsWith("/") === true && hosts.length < 2;
}

function carriesBody({ headers }: FastifyRequest): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = headers;
  return encoding !== undefined || (length !== undefined && length !== "0");
}

/** An address of its own proves that no name server was asked. */
function isOwnName(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return name === "localhost" || isIP(name) !== 0;
}
