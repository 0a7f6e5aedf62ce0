import { fail, ok, warn } from "./Probe.ts";
import type { SourceProbe } from "./SourceContext.ts";

/** Whether the newest block's time fits this machine's clock. */
export const clock: SourceProbe = {
  name: "clock",
  run: async (context) => {
    const { chain, wallNow } = context.facts;
    const { header } = await context.head();
    const ageSeconds = Math.round(wallNow() / 1_000) - header.timestamp;
    const detail =
      ageSeconds >= 0 ? `the head is ${ageSeconds} s old` : `the head is ${-ageSeconds} s ahead of this clock`;
    if (-ageSeconds > chain.futureSeconds) {
      return fail(detail, "this machine's clock is slow, or the source makes up heads: nothing is signed meanwhile");
    }
    if (ageSeconds > chain.haltSeconds) {
      return warn(detail, "the source lags, the chain stands still, or this machine's clock is fast");
    }
    return ok(detail);
  },
};
