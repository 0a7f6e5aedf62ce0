import { fail, ok, warn } from "./Probe.ts";
import { reasonOf, type SourceProbe } from "./SourceContext.ts";

/** Whether heads are pushed. */
export const newHeads: SourceProbe = {
  name: "newHeads",
  run: async (context) => {
    if (context.facts.transport === "http")
      return warn("HTTP: heads are polled", "WebSocket or IPC saves half an interval");
    const answer = await context.try("eth_subscribe", "newHeads");
    if (!answer.ok) return warn(`refused: ${reasonOf(answer.error)}`, "heads are polled instead");
    if (typeof answer.result !== "string") return fail("the subscription has no id", "heads are polled instead");
    await context.try("eth_unsubscribe", answer.result);
    return ok("heads are pushed");
  },
};
