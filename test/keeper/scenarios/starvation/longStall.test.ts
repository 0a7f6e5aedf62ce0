import { expect } from "chai";

import type { Hex } from "../../../../keeper/lib/hex.ts";
import { CrashWorld } from "../../../../scripts/crashes/CrashWorld.ts";
import type { KeeperProcess } from "../../../../scripts/crashes/KeeperProcess.ts";
import { accountIdOf, addressOf, developmentWallet, ROLES } from "../../../../scripts/local/accounts.ts";
import { contractInterface } from "../../../../scripts/local/contractInterface.ts";

const ACCOUNT = 7n;
const SEED = 10;
/** Longer than every deadline, heartbeat and quarantine. */
const STALL_MS = 30_000;
/** The answer alone is 50 MB of text, which is parsed whole: 64 MB do for 20,000 logs, 192 for these. */
const HEAP_MB = 256;
/** Emits as many empty logs as the first word of its calldata says, at 405 gas each. */
const LOGGER = "0x600f8060095f395ff35f355b5f5fa0600190038060025700";
const LOGS = 100_000;
const BLOCK_GAS = "0x5f5e100";

describe("Scenario: a keeper stands still for half a minute, with little memory, before the largest of blocks", function () {
  this.timeout(180_000);
  let world: CrashWorld;
  let keeper: KeeperProcess | null = null;

  before(async () => {
    world = await CrashWorld.open({ seed: SEED });
  });

  after(async () => {
    keeper?.kill();
    await keeper?.ended;
    await world.close();
  });

  const trader = developmentWallet(ROLES.traders[4]);
  const from = addressOf(trader);
  const send = async (to: string | null, data: Hex, gas: string): Promise<Hex> => {
    return (await world.send("eth_sendTransaction", { from, ...(to === null ? {} : { to }), data, gas })) as Hex;
  };

  it(`D10: contains once, and judges the block of ${LOGS} logs that came meanwhile, in ${HEAP_MB} MB of heap`, async () => {
    await world.send("evm_setBlockGasLimit", BLOCK_GAS);
    const child = await world.startInSync({ point: "verdict: decided", nth: 1, stallMs: STALL_MS }, [
      `--max-old-space-size=${HEAP_MB}`,
    ]);
    keeper = child;
    const created = await send(null, LOGGER, "0x30d40");
    await world.mine();
    const receipt = (await world.send("eth_getTransactionReceipt", created)) as { readonly contractAddress: string };
    await world.inSync(child);

    const startedAt = performance.now();
    const divergent = await world.tamper(ACCOUNT, 1n);
    // Something of the protocol, so that the receipts have to be fetched, all of them.
    const { CollateralVault, SettlementToken } = world.deployment.contracts;
    const parts = [accountIdOf(trader), SettlementToken, 1_000_000n];
    const deposit = contractInterface("CollateralVault").encodeFunctionData("deposit", parts) as Hex;
    await send(CollateralVault, deposit, "0x7a120");
    await send(receipt.contractAddress, `0x${LOGS.toString(16).padStart(64, "0")}`, "0x5e69ec0");
    await world.mine();
    const receipts = (await world.send("eth_getBlockReceipts", `0x${(divergent + 1).toString(16)}`)) as {
      readonly logs: unknown[];
    }[];
    expect(receipts.reduce((sum, { logs }) => sum + logs.length, 0)).to.be.greaterThan(LOGS);
    await world.until(
      "it is contained",
      async () => {
        const isSent = (await world.sentBy(0, "pending")) > (await world.sentBy(0));
        if (isSent) await world.mine();
        return child.incident?.state === "contained";
      },
      child,
    );
    // Nothing was decided twice over what became late.
    expect(performance.now() - startedAt).to.be.at.least(STALL_MS);
    expect(await world.pausesSince(divergent)).to.have.length(1);
    await world.mine(2);
    const head = await world.head();
    await world.until("the head is judged", () => (child.block?.number ?? 0) >= head, child);
    expect(child.incident?.state).to.equal("contained");
    expect(child.ending).to.equal(null);
  });
});
