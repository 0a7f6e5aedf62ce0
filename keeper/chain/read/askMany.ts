import { KeeperError } from "../../errors/KeeperError.ts";
import type { BatchItem, RequestOptions, Source, SourceCall } from "../sources/Source.ts";
import type { Standings } from "./Standings.ts";

/** What a server may say to a batch that it does not take; a single call may still work. */
const REFUSALS: ReadonlySet<string> = new Set(["SourceRpcError", "SourceHttpStatus", "SourceMalformed"]);

/** One call whose fault is a value. */
export async function askOne(source: Source, call: SourceCall, options: RequestOptions): Promise<BatchItem> {
  try {
    return { ok: true, result: await source.request(call.method, call.params, options) };
  } catch (error: unknown) {
    if (error instanceof KeeperError) return { ok: false, error };
    throw error;
  }
}

/**
 * Several calls at once: in one message where the source takes batches, else side by side. Never rejects for a fault.
 * Whoever refuses a batch and answers single calls is remembered.
 */
export async function askMany(
  source: Source,
  calls: readonly SourceCall[],
  standings: Standings,
  options: RequestOptions,
): Promise<BatchItem[]> {
  const standing = standings.of(source.id);
  const isBatch = calls.length > 1 && !standing.refusesBatches;
  if (isBatch) {
    const items = await source.batch(calls, options);
    if (!items.every((item) => !item.ok && REFUSALS.has(item.error.code))) return items;
  }
  const items = await Promise.all(calls.map((call) => askOne(source, call, options)));
  if (isBatch && items.some(({ ok }) => ok)) standing.refusesBatches = true;
  return items;
}
