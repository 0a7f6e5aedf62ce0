import type { IncomingMessage } from "node:http";

import type { Client } from "./canApply.ts";

/** Who sent a request, or asked for a socket. */
export function clientOf(request: IncomingMessage): Client {
  const address = request.socket.remoteAddress ?? "";
  return { address: address.replace(/^::ffff:(?=\d+\.)/, ""), userAgent: request.headers["user-agent"] ?? "" };
}
