import { MAX_BATCH_CALLS } from "../chain/sources/Source.ts";
import { fail, ok } from "./Probe.ts";
import type { SourceContext, SourceProbe } from "./SourceContext.ts";

/** What a server says to a message that has too many calls for it; another fault says nothing about their number. */
const REFUSALS: ReadonlySet<string> = new Set([...["SourceRpcError", "SourceHttpStatus", "SourceMalformed"]]);

/** What a message with so many calls came to; `code` is that of the first fault, null when there was none. */
interface Attempt {
  readonly answered: number;
  readonly code: string | null;
}

/** Whether as many calls may stand in one message as the keeper sends, or how many may. */
export const batches: SourceProbe = {
  name: "batches",
  run: async (context) => {
    const { answered, code } = await attempt(context, MAX_BATCH_CALLS);
    if (code === null) return ok(`${MAX_BATCH_CALLS} calls in one message`);
    const most = await findMost(context, { works: 0, fails: MAX_BATCH_CALLS, code });
    const known = most.isKnown && most.works > 0 ? `, all of ${most.works}` : "";
    return fail(
      `${answered} of ${MAX_BATCH_CALLS} calls of a batch were answered (${code})${known}`,
      "the keeper asks so for every block: have the provider's limit raised, or use another one",
    );
  },
};

/** The largest number of calls that works between one that does and one that does not; known when nothing else went wrong. */
async function findMost(
  context: SourceContext,
  tried: { readonly works: number; readonly fails: number; readonly code: string },
): Promise<{ readonly works: number; readonly isKnown: boolean }> {
  let { works, fails, code } = tried;
  while (REFUSALS.has(code) && fails - works > 1) {
    const middle = (works + fails) >> 1;
    const found = await attempt(context, middle);
    if (found.code === null) works = middle;
    else [fails, code] = [middle, found.code];
  }
  return { works, isKnown: REFUSALS.has(code) };
}

async function attempt(context: SourceContext, count: number): Promise<Attempt> {
  const items = await context.batch(Array.from({ length: count }, () => ({ method: "eth_chainId", params: [] })));
  const faults = items.flatMap((item) => (item.ok ? [] : [item.error.code]));
  return { answered: count - faults.length, code: faults[0] ?? null };
}
