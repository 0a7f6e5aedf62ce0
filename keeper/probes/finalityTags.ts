import type { BatchItem } from "../chain/sources/Source.ts";
import { isRecord } from "./isRecord.ts";
import { fail, ok, warn, type ProbeOutcome } from "./Probe.ts";
import { reasonOf, type SourceContext, type SourceProbe } from "./SourceContext.ts";

interface Tagged {
  readonly number: number;
  readonly hash: string;
}

/** Below this height a chain may be final up to its head for lack of blocks. */
const EARLY = 64;

/** Whether `safe` is known, and how far behind the head it is. */
export const safeTag: SourceProbe = { name: "safe", run: (context) => check(context, "safe") };

/** Whether `finalized` is known, and how far behind the head it is. */
export const finalizedTag: SourceProbe = { name: "finalized", run: (context) => check(context, "finalized") };

async function check(context: SourceContext, tag: "safe" | "finalized"): Promise<ProbeOutcome> {
  const calls = [tag, "latest"].map((name) => ({ method: "eth_getBlockByNumber", params: [name, false] }));
  const [tagged, newest] = await context.all(calls);
  const latest = readTagged(newest);
  const { finality, confirmations } = context.facts.chain;
  const byDepth = `blocks count as final after ${confirmations} confirmations`;
  const block = readTagged(tagged);
  if (latest === null) return fail("the newest block has no number and hash", "the source is of no use");
  if (block === null) {
    const why = tagged?.ok === false ? reasonOf(tagged.error) : "the answer is no block";
    return warn(
      `not known: ${why}`,
      finality === tag ? `if no other source knows it, ${byDepth}` : "not relied on here",
    );
  }
  const distance = latest.number - block.number;
  if (block.hash === latest.hash && (latest.number > EARLY || block.number > 0)) {
    return warn(
      "EQUALS LATEST: NO FINALITY HERE",
      finality === "depth"
        ? `every block is called final at once and any can still go; the keeper does not rely on it: ${byDepth}`
        : `every block is called final at once and any can still go; the keeper sees through it: ${byDepth}`,
    );
  }
  return ok(`block ${block.number}, ${distance} below the head`);
}

function readTagged(item: BatchItem | undefined): Tagged | null {
  if (item?.ok !== true || !isRecord(item.result)) return null;
  const { number, hash } = item.result;
  if (typeof number !== "string" || !/^0x[0-9a-f]{1,13}$/i.test(number) || typeof hash !== "string") return null;
  return { number: Number(number), hash: hash.toLowerCase() };
}
