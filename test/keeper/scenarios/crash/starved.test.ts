import { expect } from "chai";

import type { Hex } from "../../../../keeper/lib/hex.ts";
import { CrashWorld } from "../../../../scripts/crashes/CrashWorld.ts";
import type { Trap } from "../../../../scripts/crashes/KeeperJob.ts";
import type { KeeperProcess } from "../../../../scripts/crashes/KeeperProcess.ts";
import { accountIdOf, addressOf, developmentWallet, ROLES } from "../../../../scripts/local/accounts.ts";
import { contractInterface } from "../../../../scripts/local/contractInterface.ts";

const ACCOUNT = 7n;
const SEED = 12;
const STALLS = [
  ["verdict: decided", 3_000],
  ["send: between the sources", 3_000],
] as const;
const HEAP_MB = 64;
/** Emits as many empty logs as the first word of its calldata says, at 405 gas each. */
const LOGGER = "0x600f8060095f395ff35f355b5f5fa0600190038060025700";
const LOGS = 20_000;
const BLOCK_GAS = "0x1c9c380";

describe("Scenario: a keeper stands still, or has little memory", function () {
  this.timeout(240_000);
  let world: CrashWorld;
  let keeper: KeeperProcess | null = null;

  before(async () => {
    world = await CrashWorld.open({ seed: SEED });
  });

  beforeEach(() => world.reset());

  afterEach(async () => {
    keeper?.kill();
    await keeper?.ended;
  });

  after(() => world.close());

  /** Tampers, and lets blocks go on until it is contained. Returns the pauses that took effect. */
  async function contain(child: KeeperProcess): Promise<number> {
    const divergent = await world.tamper(ACCOUNT, 1n);
    await world.until(
      "it is contained",
      async () => {
        const head = await world.head();
        const isIdle =
          (child.block?.number ?? 0) >= head && (await world.sentBy(0, "pending")) > (await world.sentBy(0));
        if (isIdle) await world.mine();
        return child.incident?.state === "contained";
      },
      child,
    );
    return (await world.pausesSince(divergent)).length;
  }

  for (const [point, stallMs] of STALLS) {
    it(`D10: contains once after it stood still for ${stallMs / 1_000} s at "${point}"`, async () => {
      const trap: Trap = { point, nth: 1, stallMs };
      keeper = await world.startInSync(trap);
      const startedAt = performance.now();
      expect(await contain(keeper)).to.equal(1);
      expect(performance.now() - startedAt).to.be.at.least(stallMs);
      // What came late is made up for: the head is judged again.
      await world.mine(2);
      const head = await world.head();
      const child = keeper;
      await world.until("the head is judged", () => (child.block?.number ?? 0) >= head, child);
      expect(child.incident?.state).to.equal("contained");
    });
  }

  it(`D10: judges a block of ${LOGS} logs, and contains, with ${HEAP_MB} MB of heap`, async () => {
    keeper = await world.startInSync(null, [`--max-old-space-size=${HEAP_MB}`]);
    const [, , , , trader] = ROLES.traders.map((index) => developmentWallet(index));
    const from = addressOf(trader!);
    const send = async (to: string | null, data: Hex, gas: string): Promise<Hex> => {
      return (await world.send("eth_sendTransaction", { from, ...(to === null ? {} : { to }), data, gas })) as Hex;
    };
    const created = await send(null, LOGGER, "0x30d40");
    await world.mine();
    const receipt = (await world.send("eth_getTransactionReceipt", created)) as { readonly contractAddress: string };
    await world.inSync(keeper);
    const { CollateralVault, SettlementToken } = world.deployment.contracts;
    const deposit = contractInterface("CollateralVault").encodeFunctionData("deposit", [
      ...[accountIdOf(trader!), SettlementToken, 1_000_000n],
    ]) as Hex;
    await send(CollateralVault, deposit, "0x7a120");
    const gas = `0x${(Number(BLOCK_GAS) - 1_000_000).toString(16)}`;
    await send(receipt.contractAddress, `0x${LOGS.toString(16).padStart(64, "0")}`, gas);
    await world.mine();
    const number = `0x${(await world.head()).toString(16)}`;
    const receipts = (await world.send("eth_getBlockReceipts", number)) as { readonly logs: unknown[] }[];
    expect(receipts.reduce((sum, { logs }) => sum + logs.length, 0)).to.be.greaterThan(LOGS);
    await world.inSync(keeper);
    expect(await contain(keeper)).to.equal(1);
  });
});
