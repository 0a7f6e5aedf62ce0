import type { Effect } from "./loop/ports.ts";
import type { Logger } from "./telemetry/log.ts";

/** Writes what an effect means for operators: alerts and incidents loudly, blocks only at debug level. */
export function logEffect(effect: Effect, log: Logger): void {
  switch (effect.type) {
    case "alert":
      log[effect.level === "critical" ? "error" : "warn"](effect.event, { detail: effect.detail, ...effect.fields });
      return;
    case "incident":
      log.warn("incident", { ...effect.report });
      return;
    case "latch":
      log.error("latch", { detail: effect.detail });
      return;
    case "withheld":
      log.warn("withheld", { action: effect.action, because: effect.because, detail: effect.detail });
      return;
    case "quarantine":
      log.warn("source-quarantined", { source: effect.source, reason: effect.reason });
      return;
    case "equivocation":
      log.warn("source-oscillates", { source: effect.source, heads: effect.heads });
      return;
    case "condition":
      log.warn("condition", { ...effect.condition, holds: effect.holds });
      return;
    case "finality":
      log[effect.mode.isWeak ? "warn" : "info"]("finality", { policy: effect.mode.policy, detail: effect.mode.detail });
      return;
    case "rolled-back":
      log.info("rolled-back", { depth: effect.depth, to: effect.to });
      return;
    case "checkpoint": {
      const { blockNumber, blockHash, transaction } = effect;
      log.info("checkpoint", { blockNumber, blockHash, transaction });
      return;
    }
    case "snapshot":
      log.debug("snapshot-ordered", { number: effect.order.number, hash: effect.order.hash });
      return;
    case "located": {
      const { type, isTruncated, ...fields } = effect;
      log[isTruncated ? "warn" : "info"](type, { ...fields, isTruncated });
      return;
    }
    case "block": {
      const { number, hash, verdict } = effect.report;
      log.debug("block", { number, hash, verdict: verdict.kind });
      return;
    }
    default:
  }
}
