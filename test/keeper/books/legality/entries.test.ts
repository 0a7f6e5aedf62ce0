import { expect } from "chai";

import { UNIT } from "../../../helpers/orders.ts";
import { openScene, type Scene } from "./scene.ts";
import type { MadeLog } from "./Stage.ts";

describe("Legality of entries", () => {
  let scene: Scene;

  before(async () => {
    scene = await openScene();
  });

  after(async () => {
    await scene.connection.close();
  });

  const judge = (log: MadeLog): string[] => scene.stage.illegal([log]);

  it("names a kind that the ledger does not have", () => {
    const { ledger, accounts } = scene;
    // The encoder refuses what the enumeration does not have: the kind is the first word of the data.
    const data = ledger.interface.encodeEventLog("EntryPosted", [1n, accounts.dave, 0, 0n, 0n, UNIT, 0n, 0n, 0n, UNIT]);
    const kind = 11n.toString(16).padStart(64, "0");
    const found = scene.stage.illegalLog(ledger, { ...data, data: `0x${kind}${data.data.slice(66)}` });
    expect(found).to.deep.equal([`${accounts.dave}: an entry of the unknown kind 11`]);
  });

  it("names a fee that no trade costs", () => {
    const { stage, accounts } = scene;
    expect(judge(stage.entry("FeeSweep", accounts.fund, 0, { quote: 1n, fee: 1n }))[0]).to.match(/that no trade costs/);
  });

  it("names assets and instruments that are not listed", () => {
    const { stage, accounts } = scene;
    const asset = `0x${"99".repeat(20)}`;
    expect(judge(stage.entry("Credit", accounts.dave, asset, { size: 1n }))[0]).to.match(/which is no collateral/);
    expect(judge(stage.entry("Trade", accounts.dave, 99, { size: 1n }))[0]).to.match(/instrument 99, unlisted/);
  });

  it("names more positions than an account may have", () => {
    const { stage, accounts, instruments } = scene;
    const count = 31;
    const opened = Array.from({ length: count }, (_, index) =>
      stage.entry("Trade", accounts.dave, 100 + index, { size: 1n }),
    );
    const terms = [1, 1, 100_000, 50_000, 20_000, 1, 0, 0, 0, 1n];
    const listed: MadeLog[] = opened.map((_, index) => [instruments, "InstrumentSet", [100 + index, terms]]);
    const found = stage.illegal([opened[count - 1]!], 12, [listed, opened.slice(0, count - 1)]);
    expect(found).to.include(`${accounts.dave}: more than 30 positions`);
  });
});
