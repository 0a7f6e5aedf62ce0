import { fail, ok, warn } from "./Probe.ts";
import type { SourceContext, SourceProbe } from "./SourceContext.ts";

/**
 * Calls that the keeper sends in one message for every block: its header, an account proof of each book contract and of each
 * key of its own, and two to spare.
 */
export const STEADY_BATCH = 16;
/** Headers that the keeper asks for at once after a gap; where that is refused, for half as many. */
export const RANGE_BATCH = 64;
/** What a server says to a message that has too many calls for it; another fault says nothing about their number. */
const REFUSALS: ReadonlySet<string> = new Set([
  ...["SourceRpcError", "SourceHttpStatus", "SourceMalformed", "SourceOversized"],
]);

/** What a message with so many calls came to; `code` is that of the first fault, null when there was none. */
interface Attempt {
  readonly answered: number;
  readonly code: string | null;
}

/** Whether as many calls may stand in one message as the keeper sends, and how many may. */
export const batches: SourceProbe = {
  name: "batches",
  run: async (context) => {
    const steady = await attempt(context, STEADY_BATCH);
    if (steady.code !== null) {
      const most = await findMost(context, { works: 0, fails: STEADY_BATCH, code: steady.code });
      const detail = `${steady.answered} of ${STEADY_BATCH} calls of a batch were answered (${steady.code})`;
      return fail(
        `${detail}${most.isKnown && most.works > 0 ? `, all of ${most.works}` : ""}`,
        "the keeper asks so for every block: have the provider's limit raised, or use another one",
      );
    }
    const range = await attempt(context, RANGE_BATCH);
    if (range.code === null) return ok(`${RANGE_BATCH} calls in one message`);
    const most = await findMost(context, { works: STEADY_BATCH, fails: RANGE_BATCH, code: range.code });
    const size = most.isKnown ? `${most.works} calls in one message at most` : `${most.works} calls in one message`;
    return warn(
      `${size}: of ${RANGE_BATCH}, ${range.answered} were answered (${range.code})`,
      "enough for every block; after a gap headers are fetched in smaller parts, which takes longer",
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
