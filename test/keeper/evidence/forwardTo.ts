import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that takes calls under any path and hands them to a node. */
export interface Forwarder {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server that does not mind what follows its port, as a node does. */
export async function forwardTo(nodeUrl: string): Promise<Forwarder> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const headers = { "content-type": "application/json" };
      fetch(nodeUrl, { method: "POST", headers, body: Buffer.concat(chunks) })
        .then(async (answer) => response.end(await answer.text()))
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, close };
}
