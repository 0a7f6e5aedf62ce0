import { KeeperError } from "../errors/KeeperError.ts";
import { MAX_DOCUMENT_BYTES } from "./statementsDocument.ts";

/**
 * Fetches what a peer serves at `/v1/statements`. Follows no redirect, and reads no more than a document may have.
 *
 * @throws KeeperError `PeerUnreachable`, or `PeerMalformed` when the answer is too long or no text
 */
export async function fetchStatements(url: string, deadlineMs: number, signal: AbortSignal): Promise<string> {
  try {
    const target = new URL(url);
    target.pathname = `${target.pathname.replace(/\/$/, "")}/v1/statements`;
    const response = await fetch(target, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
      redirect: "error",
      // A compressed answer may be a thousand times what was sent of it.
      headers: { accept: "application/json", "accept-encoding": "identity" },
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new KeeperError("PeerUnreachable", `it answers with status ${response.status}`, {
        status: response.status,
      });
    }
    return await readBody(response);
  } catch (error: unknown) {
    if (KeeperError.is(error)) throw error;
    const reason =
      error instanceof Error && error.name === "TimeoutError" ? "no answer in time" : "it cannot be reached";
    throw new KeeperError("PeerUnreachable", reason, {}, { cause: error });
  }
}

async function readBody({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_DOCUMENT_BYTES) {
      throw new KeeperError("PeerMalformed", `its answer is longer than ${MAX_DOCUMENT_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error: unknown) {
    throw new KeeperError("PeerMalformed", "its answer is no UTF-8", {}, { cause: error });
  }
}
