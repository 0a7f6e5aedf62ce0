import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { LockFiles } from "../../../keeper/store/LockFiles.ts";
import { acquireLock, LOCK_FILE_NAME } from "../../../keeper/store/lockFile.ts";

describe("acquireLock", () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-lock-"));
    path = join(directory, LOCK_FILE_NAME);
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function refusal(): Promise<KeeperError> {
    const outcome: unknown = await acquireLock(directory).catch((error: unknown) => error);
    if (outcome instanceof KeeperError) return outcome;
    throw new Error("the lock was given");
  }

  /** The id of a process that has ended. */
  async function deadPid(): Promise<number> {
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(child, "exit");
    return child.pid!;
  }

  it("refuses a directory that this process holds, naming the holder and the way out", async () => {
    const lock = await acquireLock(directory);
    const error = await refusal();
    expect(error.code).to.equal("DataDirectoryLocked");
    expect(error.payload).to.deep.equal({ directory, path, pid: process.pid, host: hostname() });
    expect(error.message).to.include("--data-directory");
    await lock.release();
  });

  it("refuses a directory that another living process holds", async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 20000)"], { stdio: "ignore" });
    try {
      await writeFile(path, JSON.stringify({ pid: child.pid, host: hostname(), startTicks: null, token: "t" }));
      expect((await refusal()).payload["pid"]).to.equal(child.pid);
    } finally {
      child.kill();
    }
  });

  it("refuses a lock of another host and a damaged one, for it cannot know", async () => {
    const foreign = JSON.stringify({ pid: await deadPid(), host: "elsewhere", startTicks: null, token: "t" });
    for (const text of [foreign, "", "{", '{"pid":1,"host":"h","token":"../x"}', "null", '{"pid":-1,"host":"h"}']) {
      await writeFile(path, text);
      expect((await refusal()).code, text).to.equal("DataDirectoryLocked");
      expect(await readFile(path, "utf8")).to.equal(text);
    }
  });

  it("takes over from a process that is gone", async () => {
    await writeFile(path, JSON.stringify({ pid: await deadPid(), host: hostname(), startTicks: null, token: "t" }));
    const lock = await acquireLock(directory);
    expect(JSON.parse(await readFile(path, "utf8"))).to.include({ pid: process.pid });
    await lock.release();
  });

  it("takes over from an earlier process whose id was given out again", async function () {
    if (process.platform !== "linux") this.skip();
    await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), startTicks: "boot:1", token: "t" }));
    await (await acquireLock(directory)).release();
  });

  it("gives the lock to one of many that find a dead one", async () => {
    for (let round = 0; round < 10; round++) {
      await writeFile(path, JSON.stringify({ pid: await deadPid(), host: hostname(), startTicks: null, token: "t" }));
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(directory)));
      const winners = outcomes.filter((outcome) => outcome.status === "fulfilled");
      expect(winners.length).to.equal(1);
      await winners[0]!.value.release();
      expect(await readdir(directory)).to.deep.equal([]);
    }
  });

  it("gives the lock to one at a time in any order of their steps", async () => {
    const seed = Number(process.env["LOCKSTEP_SEED"] ?? Date.now() % 1_000_000);
    const random = mulberry32(seed);
    const dead = JSON.stringify({ pid: await deadPid(), host: hostname(), startTicks: null, token: "dead" });
    for (let round = 0; round < 300; round++) {
      const files = new FakeLockFiles(random);
      if (round % 3 > 0) files.texts.set("/data/keeper.lock", dead);
      if (round % 3 > 1) files.texts.set("/data/keeper.lock.after-dead", dead.replace('"dead"', '"deader"'));
      let holders = 0;
      const contend = async (): Promise<void> => {
        for (let turn = 0; turn < 3; turn++) {
          const lock = await acquireLock("/data", files).catch(() => undefined);
          if (lock === undefined) continue;
          expect(++holders, `holders with seed ${seed} in round ${round}`).to.equal(1);
          await files.pause();
          holders--;
          await lock.release();
        }
      };
      await Promise.all(Array.from({ length: 5 }, contend));
      expect(
        [...files.texts.keys()].filter((name) => !name.includes(".after-")),
        `seed ${seed}`,
      ).to.deep.equal([]);
    }
  });

  it("takes over from a process that died while it took over", async () => {
    const dead = { pid: await deadPid(), host: hostname(), startTicks: null };
    await writeFile(path, JSON.stringify({ ...dead, token: "first" }));
    await writeFile(`${path}.after-first`, JSON.stringify({ ...dead, token: "second" }));
    const lock = await acquireLock(directory);
    expect(await readdir(directory)).to.deep.equal([LOCK_FILE_NAME]);
    expect((await refusal()).payload["pid"]).to.equal(process.pid);
    await lock.release();
  });

  it("respects a living process that is about to take over", async () => {
    const dead = { pid: await deadPid(), host: hostname(), startTicks: null };
    await writeFile(path, JSON.stringify({ ...dead, token: "first" }));
    await writeFile(`${path}.after-first`, JSON.stringify({ ...dead, pid: process.pid, token: "second" }));
    expect((await refusal()).payload["pid"]).to.equal(process.pid);
  });

  it("releases its own lock only, and leaves nothing behind", async () => {
    const first = await acquireLock(directory);
    await first.release();
    const second = await acquireLock(directory);
    await first.release();
    expect((await refusal()).payload["pid"]).to.equal(process.pid);
    await second.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it("makes a missing directory", async () => {
    const lock = await acquireLock(join(directory, "a", "b"));
    expect(await readdir(join(directory, "a", "b"))).to.deep.equal([LOCK_FILE_NAME]);
    await lock.release();
  });
});

/** A small seeded generator (mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Files in memory whose operations take a drawn number of turns, so that contenders meet in every order. */
class FakeLockFiles implements LockFiles {
  readonly texts = new Map<string, string>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  async pause(): Promise<void> {
    for (let turns = Math.floor(this.#random() ** 3 * 40); turns > 0; turns--) await Promise.resolve();
  }

  async makeDirectory(): Promise<void> {
    await this.pause();
  }

  async create(path: string, text: string): Promise<void> {
    await this.pause();
    this.texts.set(path, text);
  }

  async read(path: string): Promise<string | undefined> {
    await this.pause();
    return this.texts.get(path);
  }

  async tryLink(from: string, to: string): Promise<boolean> {
    await this.pause();
    if (this.texts.has(to)) return false;
    this.texts.set(to, this.texts.get(from)!);
    return true;
  }

  async replace(from: string, to: string): Promise<void> {
    await this.pause();
    this.texts.set(to, this.texts.get(from)!);
    this.texts.delete(from);
  }

  async remove(path: string): Promise<void> {
    await this.pause();
    this.texts.delete(path);
  }
}
