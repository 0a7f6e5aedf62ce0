import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";

import { chooseSeed } from "../../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { StoreChild } from "../StoreChild.ts";
import { SqliteSubject } from "./SqliteSubject.ts";

const KILLS = Number(process.env["LOCKSTEP_TEST_KILLS"] ?? 50);
/** A transaction of the child takes some milliseconds. */
const MAX_WAIT_MS = 60;

describe("a SQLite store whose process is killed", function () {
  this.timeout(60_000 + KILLS * 3_000);
  let subject: SqliteSubject;

  beforeEach(async () => {
    subject = await SqliteSubject.create();
  });

  afterEach(() => subject.remove());

  it(`D3: has every record that was acknowledged, and no half of one, after each of ${KILLS} kills`, async () => {
    const random = new SeededRandom(chooseSeed(53));
    let [acknowledged, kept] = [0, 0];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const child = new StoreChild("write", subject.childArguments);
      await child.until((lines) => lines.includes("open"));
      await sleep(random.below(MAX_WAIT_MS));
      await child.kill();
      acknowledged = Math.max(acknowledged, child.newest);
      const store = await subject.open();
      const numbers = store.records().map(({ body }) => (body as { number: number }).number);
      expect(numbers.length, `kill ${kill}`).to.be.at.least(acknowledged);
      expect(numbers, `kill ${kill}`).to.deep.equal(Array.from(numbers, (_, index) => index + 1));
      kept = numbers.length;
      await store.close();
    }
    console.log(`      ${kept} records after ${KILLS} kills, the last acknowledged was ${acknowledged}`);
    // Or the kills all came before the first record, and showed nothing.
    expect(acknowledged).to.be.greaterThan(KILLS);
  });
});
