import { KeeperError } from "../errors/KeeperError.ts";
import { readBounded } from "../lib/readBounded.ts";
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
    return await readText(response);
  } catch (error: unknown) {
    if (KeeperError.is(error)) throw error;
    const reason =
      error instanceof Error && error.name === "TimeoutError" ? "no answer in time" : "it cannot be reached";
    throw new KeeperError("PeerUnreachable", reason, {}, { cause: error });
  }
}

async function readText(response: Response): Promise<string> {
  const bytes = await readBounded(response, MAX_DOCUMENT_BYTES, () => {
    return new KeeperError("PeerMalformed", `its answer is longer than ${MAX_DOCUMENT_BYTES} bytes`);
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error: unknown) {
    throw new KeeperError("PeerMalformed", "its answer is no UTF-8", {}, { cause: error });
  }
}
