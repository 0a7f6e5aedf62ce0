import { createServer, type AddressInfo, type Server } from "node:net";

/** Ports of 127.0.0.1 that nobody used a moment ago: keepers name each other's before any of them runs. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, (): Server => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}
