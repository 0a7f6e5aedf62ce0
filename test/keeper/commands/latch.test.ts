import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { readLatch } from "../../../keeper/readLatch.ts";
import { refuseWhileLatched } from "../../../keeper/refuseWhileLatched.ts";
import { acquireLock } from "../../../keeper/store/lockFile.ts";
import { openStore } from "../../../keeper/store/openStore.ts";
import type { StoreRecord } from "../../../keeper/store/Store.ts";

const MAIN = fileURLToPath(new URL("../../../keeper/main.ts", import.meta.url));

describe("lockstep latch", function () {
  this.timeout(60_000);
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-latch-"));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function records(add: readonly (readonly [string, unknown])[] = []): Promise<readonly StoreRecord[]> {
    const settings = { dataDirectory: directory, databaseUrl: undefined, databaseSchema: "lockstep", leaseMs: 3_000 };
    const store = await openStore(settings);
    for (const [kind, body] of add) await store.append(kind, body);
    const all = [...store.records()];
    await store.close();
    return all;
  }

  async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
    const child = spawn(process.execPath, [MAIN, "latch", ...args, "--data-directory", directory], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    const [code] = (await once(child, "close")) as [number];
    return { code, text };
  }

  it("shows why a keeper stopped, with exit code 3, and 0 where it did not", async () => {
    await records([["note", 1]]);
    expect(await run("show")).to.deep.equal({ code: 0, text: "not latched\n" });
    await records([["latch", { detail: "the books are wrong" }]]);
    const { code, text } = await run("show");
    expect(code).to.equal(3);
    expect(text).to.match(/^latched since 20\d\d-.*the books are wrong/);
    const json = JSON.parse((await run("show", "--json")).text) as { latch: { detail: string } };
    expect(json.latch.detail).to.equal("the books are wrong");
  });

  it("clears it only for a reason and when somebody is sure, and keeps both", async () => {
    await records([["latch", { detail: "the books are wrong" }]]);
    expect((await run("clear", "--yes")).code).to.equal(2);
    const unsure = await run("clear", "--reason", "rebuilt");
    expect(unsure.code).to.equal(2);
    expect(unsure.text).to.include("--yes");
    expect(readLatch(await records())).to.not.equal(null);
    expect((await run("clear", "--reason", "rebuilt from the deployment", "--yes")).code).to.equal(0);
    const all = await records();
    expect(readLatch(all)).to.equal(null);
    expect(all.at(-1)?.body).to.include({ reason: "rebuilt from the deployment" });
    expect((await run("clear", "--reason", "again", "--yes")).text).to.include("NothingLatched");
  });

  it("touches nothing of a keeper that runs", async () => {
    await records([["latch", { detail: "x" }]]);
    const lock = await acquireLock(directory);
    const { code, text } = await run("clear", "--reason", "y", "--yes");
    await lock.release();
    expect(code).to.equal(1);
    expect(text).to.include("DataDirectoryLocked");
    expect(readLatch(await records())).to.not.equal(null);
  });

  it("does not make the directory that it was to look into", async () => {
    await rm(directory, { recursive: true, force: true });
    expect((await run("show")).text).to.include("DataDirectoryMissing");
  });

  it("keeps a keeper from starting until it is cleared, and says how", async () => {
    const latched = await records([["latch", { detail: "consensus fault: two chains" }]]);
    expect(() => refuseWhileLatched({ records: () => latched })).to.throw(/consensus fault: two chains.*latch clear/);
    const cleared = await records([["latch-cleared", { reason: "one chain" }]]);
    expect(() => refuseWhileLatched({ records: () => cleared })).to.not.throw();
  });
});
