import { createServer } from "node:net";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";

/**
 * Says early, and in words that help, that a port of `host` is in use.
 *
 * @throws KeeperError `PortTaken` with `port`.
 */
export async function expectFree(host: string, port: number): Promise<void> {
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
  await new Promise<void>((closed) => server.close(() => closed()));
}
