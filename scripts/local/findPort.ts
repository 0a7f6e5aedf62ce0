import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";

/**
 * A port on `host` that nobody listens on now: `port` itself, or one that the system picks when it is 0.
 *
 * @throws KeeperError `PortTaken` with `port`.
 */
export async function findPort(host: string, port: number): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host, port, exclusive: true }, resolve);
  try {
    await promise;
  } catch (cause: unknown) {
    throw new KeeperError(
      "PortTaken",
      `port ${port} of ${host} cannot be used: choose another with --port, or name a running node with --rpc URL`,
      { host, port },
      { cause },
    );
  }
  const address = server.address() as AddressInfo;
  await new Promise<void>((closed) => server.close(() => closed()));
  return address.port;
}
