import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { acquireKeyLock, type KeyUse } from "../../../keeper/store/keyLock.ts";
import { codeOf, faultOf, hashOf } from "./StoreSubject.ts";

const USE: KeyUse = { chainId: 1, genesisHash: null, address: `0x${"ab".repeat(20)}` };

describe("acquireKeyLock", () => {
  let parent: string;
  let directory: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "lockstep-keys-test-"));
    directory = join(parent, "keys");
  });

  afterEach(() => rm(parent, { recursive: true, force: true }));

  it("D7: refuses a key that is in use, naming the holder, until it is given back", async () => {
    const lock = await acquireKeyLock(USE, directory);
    const fault = await faultOf(acquireKeyLock(USE, directory));
    expect(fault.code).to.equal("KeyInUse");
    expect(fault.payload).to.include({ address: USE.address, chainId: 1, pid: process.pid, host: hostname() });
    expect(fault.message).to.include(`process ${process.pid} on ${hostname()}`);
    await lock.release();
    await (await acquireKeyLock(USE, directory)).release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it("D7: refuses a key that another living process holds, and takes it over from one that was killed", async () => {
    const script = `const { acquireKeyLock } = await import(${JSON.stringify(import.meta.resolve("../../../keeper/store/keyLock.ts"))});
      await acquireKeyLock(${JSON.stringify(USE)}, ${JSON.stringify(directory)}); console.log("held"); setTimeout(() => {}, 60000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(child.stdout, "data");
      expect((await faultOf(acquireKeyLock(USE, directory))).payload).to.include({ pid: child.pid });
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await (await acquireKeyLock(USE, directory)).release();
  });

  it("holds other keys, other chains, and development chains of one id with another block 0 apart", async () => {
    const uses: KeyUse[] = [
      USE,
      { ...USE, address: `0x${"cd".repeat(20)}` },
      { ...USE, chainId: 10 },
      ...[1, 2].map((number) => ({ ...USE, chainId: 31_337, genesisHash: hashOf(number) })),
    ];
    const locks = await Promise.all(uses.map((use) => acquireKeyLock(use, directory)));
    expect(await readdir(directory)).to.have.length(5);
    for (const lock of locks) await lock.release();
  });

  it("keeps its files for the user alone", async () => {
    const lock = await acquireKeyLock(USE, directory);
    expect((await stat(directory)).mode & 0o777).to.equal(0o700);
    expect((await stat(lock.path)).mode & 0o777).to.equal(0o600);
    await lock.release();
  });

  it("refuses a folder that others may write to, a link, and a file", async () => {
    await (await acquireKeyLock(USE, directory)).release();
    await chmod(directory, 0o777);
    expect(await codeOf(acquireKeyLock(USE, directory))).to.equal("KeyLockFailed");
    await chmod(directory, 0o700);
    await symlink(directory, join(parent, "link"));
    expect(await codeOf(acquireKeyLock(USE, join(parent, "link")))).to.equal("KeyLockFailed");
    await writeFile(join(parent, "file"), "");
    expect(await codeOf(acquireKeyLock(USE, join(parent, "file")))).to.equal("KeyLockFailed");
  });
});
