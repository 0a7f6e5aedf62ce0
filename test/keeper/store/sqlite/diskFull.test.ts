import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

import { expect } from "chai";

import type { SqlStore } from "../../../../keeper/store/SqlStore.ts";
import { StoreChild } from "../StoreChild.ts";
import { codeOf, faultOf } from "../StoreSubject.ts";
import { SqliteSubject } from "./SqliteSubject.ts";

const FILLER = "x".repeat(2_000);

describe("a SQLite store whose disk is full", function () {
  this.timeout(60_000);
  let subject: SqliteSubject;

  beforeEach(async () => {
    subject = await SqliteSubject.create();
  });

  afterEach(() => subject.remove());

  /** Appends until it is refused; the records that were acknowledged. */
  async function fill(store: SqlStore): Promise<number> {
    for (let number = 1; ; number++) {
      const code = await codeOf(store.append("number", { number, filler: FILLER }));
      if (code === "ok") continue;
      expect(code).to.equal("StoreFailed");
      return number - 1;
    }
  }

  async function expectRecords(count: number): Promise<void> {
    const store = await subject.open();
    const numbers = store.records().map(({ body }) => (body as { number: number }).number);
    expect(numbers).to.deep.equal(Array.from({ length: count }, (_, index) => index + 1));
    await store.append("number", { number: count + 1 });
    await store.close();
  }

  it("rejects the append, accepts nothing more, and opens with all that was acknowledged once there is room", async function () {
    const mount = (options: string): void => {
      execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", subject.directory], { stdio: "pipe" });
    };
    try {
      mount("size=256k");
    } catch (error: unknown) {
      console.log(`      skipped: no small disk can be mounted here (${(error as Error).message.trim()})`);
      this.skip();
    }
    try {
      const store = await subject.open();
      const acknowledged = await fill(store);
      expect(acknowledged).to.be.greaterThan(20);
      const fault = await faultOf(store.append("number", 1));
      expect(fault.code).to.equal("StoreFailed");
      expect(fault.message).to.include("make room on the disk");
      expect(store.records()).to.have.length(acknowledged);
      await store.close();
      mount("remount,size=4m");
      await expectRecords(acknowledged);
    } finally {
      execFileSync("umount", [subject.directory]);
    }
  });

  it("does so too when a file may not grow (RLIMIT_FSIZE)", async function () {
    if (!existsSync("/bin/sh")) this.skip();
    // Blocks of 512 bytes.
    const limit = ["/bin/sh", "-c", 'ulimit -f 400; exec "$@"', "limited"];
    const child = new StoreChild("write", subject.childArguments, limit);
    await child.until((lines) => lines.includes("StoreFailed"));
    await child.end();
    expect(statSync(subject.file).size).to.be.at.most(400 * 1_024);
    expect(child.newest).to.be.greaterThan(100);
    const store = await subject.open();
    const count = store.records().length;
    await store.close();
    // The group that was refused has up to three records, of which the first may have been a transaction of its own.
    expect(count).to.be.within(child.newest, child.newest + 3);
    await expectRecords(count);
  });
});
