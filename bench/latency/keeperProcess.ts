import { readFileSync } from "node:fs";

import { compileEagerly } from "../../keeper/commands/compileEagerly.ts";
import type { LockstepDeployment } from "../../scripts/local/deployLockstep.ts";
import { monotonicMs } from "./monotonicMs.ts";

/**
 * The keeper of the latency benchmark as a process of its own: what `lockstep run` starts, on a clock that is shared with
 * the other processes. Its argument is the path of a job, `{wsUrl, deployment}`. It says what it judged and, once the pause is
 * proven, the times of the incident; it is killed at the end.
 */
const { wsUrl, deployment } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as {
  readonly wsUrl: string;
  readonly deployment: LockstepDeployment;
};

// As the command does, before the keeper is loaded.
compileEagerly();
const { createLogger } = await import("../../keeper/telemetry/log.ts");
const { startLocalKeeper } = await import("../../scripts/local/LocalKeeper.ts");

/** After the step that is under way: what is measured does not wait for a pipe. */
function say(said: string, fields: Readonly<Record<string, unknown>>): void {
  setImmediate(() => process.stdout.write(`${JSON.stringify({ said, ...fields })}\n`));
}

const keeper = await startLocalKeeper({
  ...{ sources: [wsUrl], deployment, now: monotonicMs },
  log: createLogger({ level: "warn", output: process.stderr, now: Date.now }),
  // One checkpoint at the start, and none that comes between an incident and its pause.
  checkpointIntervalSeconds: 3_600,
  // While it catches up it proves the newest block only: what more would cost is the node's time, which rehashes its state.
  // And a node that is slow for it is not a node that is down.
  flags: { proofDepth: "1", requestDeadlineMs: "20000" },
  onEffect: (effect) => {
    if (effect.type === "block") {
      const { number, verdict, slotCount } = effect.report;
      say("block", { number, verdict: verdict.kind, slots: slotCount });
    }
    if (effect.type !== "incident") return;
    const record = keeper.service.status.incidents.get(effect.report.id);
    if (record?.state === "contained") {
      const { times, transaction, containedIn, blockNumber } = record;
      say("contained", { times, transaction, containedIn, blockNumber });
    }
  },
});
say("started", {});
await keeper.service.failed.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
