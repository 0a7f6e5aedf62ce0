import { ok, warn } from "./Probe.ts";
import type { SourceProbe } from "./SourceContext.ts";

const CALLS = 5;
/** A pause is decided within 100 ms of a block; a source that needs longer for the smallest call delays it. */
const SLOW_MS = 250;

/** Whether the source answers, and how long the smallest call takes. */
export const reachable: SourceProbe = {
  name: "reachable",
  run: async (context) => {
    const times: number[] = [];
    for (let call = 0; call < CALLS; call += 1) {
      const startedAtMs = context.facts.now();
      await context.ask("eth_chainId");
      times.push(context.facts.now() - startedAtMs);
    }
    times.sort((left, right) => left - right);
    const medianMs = times[(CALLS - 1) / 2] ?? 0;
    const detail = `median of ${CALLS} calls ${medianMs.toFixed(1)} ms`;
    return medianMs < SLOW_MS ? ok(detail) : warn(detail, "every verdict waits for it; use a nearer node");
  },
};
