import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { SnapshotStore } from "../../../../keeper/store/snapshots/SnapshotStore.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";

const KILLS = Number(process.env["LOCKSTEP_TEST_KILLS"] ?? 50);
const WRITER = fileURLToPath(new URL("writeForever.ts", import.meta.url));
/** A snapshot of the writer takes some milliseconds. */
const MAX_WAIT_MS = 60;

describe("SnapshotStore whose process is killed", function () {
  this.timeout(30_000 + KILLS * 3_000);
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-killed-"));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Lets a writer write until it is killed after so long; returns the last number that it told to be durable. */
  async function writeAndKill(ms: number): Promise<number> {
    const child = spawn(process.execPath, [WRITER, directory], { stdio: ["ignore", "pipe", "inherit"] });
    let told = "";
    const open = Promise.withResolvers<void>();
    child.stdout.on("data", (chunk: Buffer) => {
      told += chunk.toString();
      if (told.includes("open\n")) open.resolve();
    });
    const ended = once(child, "close");
    await Promise.race([open.promise, ended]);
    await sleep(ms);
    child.kill("SIGKILL");
    await ended;
    return Number(told.split("\n").at(-2) ?? 0) || 0;
  }

  it(`has the last that was durable or a newer one, and no heap of drafts, after each of ${KILLS} kills`, async () => {
    const random = new SeededRandom(chooseSeed(52));
    let [durable, halves] = [0, 0];
    for (let kill = 0; kill < KILLS; kill += 1) {
      durable = Math.max(durable, await writeAndKill(random.below(MAX_WAIT_MS)));
      const drafts = (await readdir(directory)).filter((name) => name.endsWith(".unfinished"));
      expect(drafts.length, `kill ${kill}`).to.be.at.most(1);
      halves += drafts.length;
      const store = await SnapshotStore.open(directory);
      const files = await store.list();
      expect(files.length, `kill ${kill}`).to.be.at.most(3);
      expect(files[0]?.number ?? 0, `kill ${kill}`).to.be.at.least(durable);
      for (const file of files) expect(await store.read(file)).to.have.length(40);
      expect((await readdir(directory)).length).to.equal(files.length);
    }
    // Or the kills all came at rest, and showed nothing.
    expect(halves).to.be.greaterThan(KILLS / 10);
  });
});
