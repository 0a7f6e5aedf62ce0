import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { BUNDLE_FILE, BundleRoom } from "../../keeper/BundleRoom.ts";
import { verifyBundle } from "../../keeper/evidence/bundle/verifyBundle.ts";
import type { Logger } from "../../keeper/telemetry/log.ts";
import { settle } from "./evidence/bundle/bundleOf.ts";
import { STAGES } from "./evidence/bundle/stages.ts";

interface Line {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that remembers. */
function logTo(lines: Line[]): Logger {
  const note = (event: string, fields: object = {}): void => {
    lines.push({ event, fields: fields as Line["fields"] });
  };
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
  return log;
}

describe("BundleRoom", function () {
  this.timeout(120_000);
  let folder: string;
  const lines: Line[] = [];
  const open = (exchanges: readonly unknown[] = []): BundleRoom =>
    new BundleRoom({ folder, log: logTo(lines), now: () => performance.now(), exchanges: () => exchanges });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lockstep-bundles-"));
    lines.length = 0;
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("writes what shows that the roots differ as soon as the pause is sent, and again with the slots", async () => {
    const { world, driver } = await STAGES[0]!.run();
    await settle(driver);
    const order = driver.effects.map(({ type }) => type);
    expect(order.indexOf("evidence")).to.be.greaterThan(order.indexOf("broadcast"));
    expect(order.indexOf("evidence")).to.be.lessThan(order.indexOf("located"));
    const room = open([{ text: "what a source said" }]);
    const levels: unknown[] = [];
    for (const effect of driver.effects) {
      room.see(effect);
      if (effect.type !== "evidence" && effect.type !== "located") continue;
      await room.close();
      const [id] = await readdir(folder);
      levels.push(verifyBundle(await readFile(join(folder, id!, BUNDLE_FILE), "utf8")).level);
    }
    expect(levels[0]).to.equal("root-only");
    expect(levels.at(-1)).to.equal("located");
    const [id] = await readdir(folder);
    expect(id).to.equal(driver.incident!.id);
    const text = await readFile(join(folder, id!, BUNDLE_FILE), "utf8");
    expect(verifyBundle(text).result).to.equal("confirmed");
    expect(text).to.contain("what a source said");
    expect(await readdir(join(folder, id!))).to.deep.equal([BUNDLE_FILE]);
    expect(lines.every(({ event }) => event === "evidence-bundle")).to.equal(true);
    await world.close();
  });

  it("keeps the bundle that shows more, after a restart as well, and replaces one that is spoilt", async () => {
    const { world, driver } = await STAGES[0]!.run();
    await settle(driver);
    const [evidence] = driver.all("evidence");
    const located = driver.all("located").at(-1);
    const first = open();
    first.see(evidence!);
    first.see(located!);
    await first.close();
    const file = join(folder, driver.incident!.id, BUNDLE_FILE);
    const text = await readFile(file, "utf8");
    const second = open();
    second.see(evidence!);
    await second.close();
    expect(await readFile(file, "utf8")).to.equal(text);
    expect(lines.at(-1)!.fields["isWritten"]).to.equal(false);
    const { writeFile } = await import("node:fs/promises");
    await writeFile(file, text.slice(0, -10));
    second.see(evidence!);
    await second.close();
    expect(verifyBundle(await readFile(file, "utf8"))).to.include({ result: "confirmed", level: "root-only" });
    await world.close();
  });

  it("still shows the step when the books have gone on since", async () => {
    const { world, driver } = await STAGES[0]!.run();
    await world.mine(5);
    await driver.follow();
    await settle(driver);
    const room = open();
    room.see(driver.all("evidence")[0]!);
    await room.close();
    const text = await readFile(join(folder, driver.incident!.id, BUNDLE_FILE), "utf8");
    expect(verifyBundle(text).result).to.equal("confirmed");
    await world.close();
  });

  it("says that nothing can be shown when a reorg took the block before the step away", async () => {
    const { world, driver } = await STAGES[1]!.run();
    await settle(driver);
    const { transition } = driver.all("evidence")[0]!;
    const { books } = driver.keeper;
    while (books.tip?.hash !== transition.facts.base?.header.parentHash) books.undo();
    const room = open();
    room.see(driver.all("evidence")[0]!);
    await room.close();
    const text = await readFile(join(folder, transition.incidentId, BUNDLE_FILE), "utf8");
    expect(verifyBundle(text).result).to.equal("incomplete");
    expect(verifyBundle(text).reason).to.contain("the books do not reach back");
    await world.close();
  });

  it("says what it cannot write, and goes on", async () => {
    const { world, driver } = await STAGES[1]!.run();
    await settle(driver);
    const room = new BundleRoom({ folder: "/dev/null/nowhere", log: logTo(lines), now: () => 0, exchanges: () => [] });
    room.see(driver.all("evidence")[0]!);
    await room.close();
    expect(lines.map(({ event }) => event)).to.deep.equal(["evidence-failed"]);
    await world.close();
  });
});
