import { fail, ok, warn } from "./Probe.ts";
import type { SourceProbe } from "./SourceContext.ts";

/** As many as the account proofs that the keeper asks for in one message. */
const CALLS = 12;

/** Whether several calls may stand in one message. */
export const batches: SourceProbe = {
  name: "batches",
  run: async (context) => {
    const items = await context.batch(Array.from({ length: CALLS }, () => ({ method: "eth_chainId", params: [] })));
    const answered = items.filter((item) => item.ok).length;
    if (answered === CALLS) return ok(`${CALLS} calls in one message`);
    const first = items.find((item) => !item.ok);
    const why = first?.ok === false ? ` (${first.error.code})` : "";
    const detail = `${answered} of ${CALLS} calls of a batch were answered${why}`;
    const advice = "the keeper asks in batches: have the provider's limit raised, or use another one";
    return answered === 0 ? fail(detail, advice) : warn(detail, advice);
  },
};
