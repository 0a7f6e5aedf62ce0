import { appendFileSync } from "node:fs";
import { join } from "node:path";

import { loadKeeperConfig } from "../../keeper/config/loadKeeperConfig.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import { KeeperService } from "../../keeper/service.ts";
import { createLogger } from "../../keeper/telemetry/log.ts";
import { FailPoints } from "./FailPoints.ts";
import type { KeeperJob, KeeperNote } from "./KeeperJob.ts";
import { Moment } from "./Moment.ts";
import { plantPoints } from "./plantPoints.ts";
import { SENT } from "./readSent.ts";

/**
 * A real keeper in a process of its own that kills itself at a named point: the child of `KeeperProcess`. It loads
 * everything, says so, and starts when it is given its job. Ends with its parent.
 */

const say = (note: KeeperNote): void => void process.send?.(note);
const points = new FailPoints((name) => say({ type: "point", name }));

function tell(effect: Effect, notes: string): void {
  if (effect.type === "block") {
    const { number, verdict } = effect.report;
    say({ type: "block", number, verdict: verdict.kind });
  }
  if (effect.type === "incident") {
    const { id, state, containedIn } = effect.report;
    say({ type: "incident", id, state, containedIn });
  }
  if (effect.type === "alert") say({ type: "alert", event: effect.event, detail: effect.detail });
  if (effect.type === "broadcast" && effect.purpose === "soft-pause") {
    appendFileSync(join(notes, SENT), `${effect.raw}\n`);
    say({ type: "sending", raw: effect.raw });
  }
}

async function run({ deployment, flags, notes, trap, isRestart }: KeeperJob): Promise<void> {
  points.arm(trap, notes);
  plantPoints({ at: points.at, moment: new Moment(), isRestart });
  const { config } = loadKeeperConfig({ flags, env: {} });
  const log = createLogger({ level: config.logLevel, output: process.stderr, now: Date.now });
  const service = await KeeperService.start({ config, deployment, log, onEffect: (effect) => tell(effect, notes) });
  process.on("message", (message) => {
    if (message === "stop") void service.stop().then(() => process.exit(0));
  });
  await service.failed;
}

process.on("disconnect", () => process.exit(0));
process.once("message", (job: KeeperJob) => {
  run(job).catch((error: unknown) => {
    say({ type: "failed", error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exitCode = 1;
    setTimeout(() => process.exit(), 100);
  });
});
say({ type: "loaded" });
