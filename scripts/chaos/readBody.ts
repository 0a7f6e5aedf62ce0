import type { IncomingMessage } from "node:http";

/** The whole body; undefined when it exceeds the cap, and what follows is left unread. Rejects when it breaks off. */
export function readBody(message: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const chunks: Buffer[] = [];
  let size = 0;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= maxBytes) {
      chunks.push(chunk);
      return;
    }
    message.off("data", onData).pause();
    resolve(undefined);
  };
  message.on("data", onData);
  message.on("end", () => resolve(Buffer.concat(chunks)));
  message.on("error", reject);
  // Neither ended nor failed: whoever sent it is gone.
  message.on("close", () => reject(new Error("the message broke off")));
  return promise;
}
