import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect } from "chai";

import { drawPlan } from "../../simulator/plan/drawPlan.ts";
import { EventLog } from "../../simulator/run/Journal.ts";
import { shrink } from "../../simulator/run/shrink.ts";
import { simulate } from "../../simulator/run/simulate.ts";
import { tellStory } from "../../simulator/run/tellStory.ts";
import { planWith, slot } from "./plans.ts";

const MAIN = fileURLToPath(new URL("../../simulator/main.ts", import.meta.url));
const SEED = 4;

/** Digest of the event log that another process writes for the seed. */
async function logOf(flags: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const args = [...flags, MAIN, "--log", "--seed", String(SEED), "--mode", "safety"];
  const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 28 };
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  return createHash("sha256").update(stdout).digest("hex");
}

describe("a seed of the simulator", function () {
  this.timeout(60_000);

  it("gives the same event log byte for byte, whatever the time zone, the locale and Node's flags", async () => {
    const log = new EventLog();
    simulate(drawPlan({ seed: SEED, mode: "safety" }), log);
    expect(log.lines.length).to.be.greaterThan(500);
    const here = createHash("sha256")
      .update(`${log.lines.join("\n")}\n`)
      .digest("hex");
    const there = await Promise.all([
      logOf([], { TZ: "Pacific/Apia", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" }),
      logOf(["--no-sparkplug", "--hash-seed=12345"], { TZ: "Asia/Kathmandu", LC_ALL: "C" }),
    ]);
    expect(there).to.deep.equal([here, here]);
  });

  it("gives another one than the next seed", () => {
    const [one, other] = [SEED, SEED + 1].map((seed) => {
      const log = new EventLog();
      simulate(drawPlan({ seed, mode: "safety" }), log);
      return log.lines.join("\n");
    });
    expect(one).to.not.equal(other);
  });

  it("that fails is shrunk to the faults that matter, and told so that a person can read it", () => {
    const asleep = { replacements: { secondOpinion: () => ({ agreesWithChain: false, detail: "" }) } };
    const plan = planWith([
      { kind: "reorg", depth: 2, atMs: slot(4) },
      { kind: "memory-rot", keeper: 0, choice: 1, atMs: slot(6) },
      { kind: "stale", source: 2, fromMs: slot(3), toMs: slot(9) },
      { kind: "gas-spike", factor: 20, fromMs: slot(5), toMs: slot(8) },
    ]);
    const smallest = shrink(plan, "P3", (candidate) => simulate(candidate, undefined, asleep).violations);
    expect(smallest.faults.map(({ kind }) => kind)).to.deep.equal(["memory-rot"]);
    expect(smallest.blocks).to.be.lessThan(plan.blocks);
    const story = tellStory(smallest, asleep);
    expect(story).to.include("a bit of its books changes in memory");
    expect(story).to.match(/P3 is broken by keeper 0/);
    expect(story.split("\n").length).to.be.lessThan(80);
  });
});
