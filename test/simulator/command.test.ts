import { execFile } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { readOptions } from "../../simulator/command/options.ts";

const MAIN = fileURLToPath(new URL("../../simulator/main.ts", import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

describe("npm run simulate", function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "lockstep-sweep-"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("comes to the same in one process, in two, and in two goes", async () => {
    const file = join(folder, "goes.ndjson");
    const first = await run("--seeds", "10", "--resume", file);
    expect(first.code, first.stderr).to.equal(0);
    const [alone, parallel, goes] = await Promise.all([
      run("--seeds", "12", "--json"),
      run("--seeds", "12", "--json", "--jobs", "2"),
      run("--seeds", "12", "--json", "--resume", file),
    ]);
    const results = [alone, parallel, goes].map(({ stdout }) => {
      const { seconds, cpuSeconds, blocksPerSecond, jobs, ...result } = JSON.parse(stdout) as Record<string, unknown>;
      expect([seconds, cpuSeconds, blocksPerSecond, jobs].every((value) => Number(value) > 0)).to.equal(true);
      return result;
    });
    expect(results[1]).to.deep.equal(results[0]);
    expect(results[2]).to.deep.equal(results[0]);
    expect(results[0]).to.include({ seeds: 12, runs: 12, falsePauses: 0, missed: 0 });
    expect(goes.stderr).to.include("10 seeds done before, 2 left");
  });

  it("goes on from no file of other code, of other options, or that is torn", async () => {
    const file = join(folder, "refused.ndjson");
    await run("--seeds", "1", "--resume", file);
    const other = await run("--seeds", "1", "--mode", "safety", "--resume", file);
    expect([other.code, other.stderr]).to.deep.equal([
      2,
      `simulate: --resume ${file}: is of --mode turns; give another file, or the same options\n`,
    ]);
    const whole = readFileSync(file, "utf8");
    appendFileSync(file, '{"chunk":');
    const torn = await run("--seeds", "1", "--resume", file);
    expect(torn.stderr).to.include("its last line is torn; remove that line");
    const { code } = JSON.parse(whole.split("\n")[0]!) as { code: string };
    expect(code).to.match(/^[0-9a-f]{16}$/);
  });

  it("names the option that is wrong", () => {
    const wrong: Readonly<Record<string, readonly string[]>> = {
      "--mode lively: expected one of turns, both, safety, liveness": ["--mode", "lively"],
      "--seeds 0: expected a whole number from 1 on": ["--seeds", "0"],
      "--seeds 1e3: expected a whole number from 1 on": ["--seeds", "1e3"],
      "--seed 1.5: expected a whole number from 0 on": ["--seed", "1.5"],
      "--jobs none: expected a whole number from 1 on": ["--jobs", "none"],
      "Unknown option '--sedes'": ["--sedes", "4"],
    };
    for (const [message, args] of Object.entries(wrong)) expect(() => readOptions(args)).to.throw(message);
    expect(readOptions(["--false-pauses", "--mode", "liveness"]).mode).to.equal("safety");
  });
});
