import { readFileSync } from "node:fs";

import { compileEagerly } from "../../keeper/commands/compileEagerly.ts";
import type { LockstepDeployment } from "../../scripts/local/deployLockstep.ts";
import { pinTo } from "./cores.ts";

/**
 * The keeper of the API benchmark as a process of its own, on a core of its own: what `lockstep run` starts. Its argument is the
 * path of a job, `{wsUrl, deployment, core}`. It says which blocks it found in sync and where its API is; SIGUSR2 collects
 * its garbage, SIGTERM ends it, so that a profile of it is written.
 */
const { wsUrl, deployment, core } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as {
  readonly wsUrl: string;
  readonly deployment: LockstepDeployment;
  readonly core: string;
};

pinTo(core);
let collections = 0;
process.on("SIGUSR2", () => {
  globalThis.gc?.();
  collections += 1;
  say("collected", { count: collections, bytes: process.memoryUsage().heapUsed });
});
process.once("SIGTERM", () => process.exit(0));
// As the command does, before the keeper is loaded.
compileEagerly();
const { createLogger } = await import("../../keeper/telemetry/log.ts");
const { startLocalKeeper } = await import("../../scripts/local/LocalKeeper.ts");

function say(said: string, fields: Readonly<Record<string, unknown>>): void {
  setImmediate(() => process.stdout.write(`${JSON.stringify({ said, ...fields })}\n`));
}

const keeper = await startLocalKeeper({
  ...{ sources: [wsUrl], deployment, mayPause: false },
  log: createLogger({ level: "warn", output: process.stderr, now: Date.now }),
  // While it catches up it proves the newest block only: what more would cost is the node's time, which rehashes its state.
  // And a node that is slow for it is not a node that is down.
  // It watches only: what it would send itself would lie in the blocks of the traffic.
  flags: { mode: "watch", proofDepth: "1", requestDeadlineMs: "20000" },
  onEffect: (effect) => {
    if (effect.type !== "block") return;
    const { number, verdict, slotCount } = effect.report;
    say("block", { number, verdict: verdict.kind, slots: slotCount });
  },
});
say("started", { url: keeper.service.apiUrl, pid: process.pid });
await keeper.service.failed.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
