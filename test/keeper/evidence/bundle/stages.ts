import { storage as ledger } from "../../../../keeper/books/generated/PositionLedger.ts";
import { REDUCERS } from "../../../../keeper/books/reducers.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import { depositUsd } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { allowDeposits, depositAllowed } from "../../../helpers/keeper/deposits.ts";
import { World } from "../../../helpers/keeper/World.ts";
import { OrderBook, UNIT } from "../../../helpers/orders.ts";
import { BROKEN_REDUCERS } from "../brokenReducers.ts";

const USD = 1_000_000n;

/** A real trouble on a local chain, up to where the keeper has said what it is. */
export interface Stage {
  readonly name: string;
  readonly kind: "Diverged" | "OwnFault";
  /** Of the incident: the first finding. */
  readonly cause: string;
  readonly contract: string;
  readonly level: "root-only" | "located";
  readonly run: () => Promise<{ readonly world: World; readonly driver: InProcessKeeper }>;
}

async function opened(options: Parameters<typeof World.open>[0] = {}, choice: Parameters<World["keeper"]>[0] = {}) {
  const world = await World.open(options);
  const driver = world.keeper(choice);
  return { world, driver };
}

/** A write without an event, by a flawed ledger, in a block of its own. */
const MIGRATED: Stage = {
  name: "an unexplained write of a known word",
  ...{ kind: "Diverged", cause: "unexplained-write", contract: "PositionLedger", level: "located" },
  run: async () => {
    const { world, driver } = await opened({ module: "FlawedLockstep" });
    const [thief] = world.system.users;
    await depositUsd(world.system, thief!, 50n * USD);
    await driver.follow();
    await world.system.ledger.connect(thief!).migrateQuote(accountOf(thief!), 10n ** 24n);
    await driver.follow();
    return { world, driver };
  },
};

/** A word that no variable has, in an empty block. */
const UNKNOWN_SLOT: Stage = {
  name: "an unexplained write of a word that nobody knows",
  ...{ kind: "Diverged", cause: "unexplained-write", contract: "InsuranceFund", level: "located" },
  run: async () => {
    const { world, driver } = await opened();
    await driver.follow();
    await world.tamper("InsuranceFund", `0x${"5a".repeat(32)}`, 7n);
    await world.mine();
    await driver.follow();
    return { world, driver };
  },
};

/** A tampered word, used by an ordinary event in the same block: its result is not what its inputs imply. */
const HEALED: Stage = {
  name: "a tampered word that a deposit heals, so that its result is miscomputed (G1)",
  ...{ kind: "Diverged", cause: "miscomputed", contract: "PositionLedger", level: "located" },
  run: async () => {
    const { world, driver } = await opened();
    const [user] = world.system.users;
    await depositUsd(world.system, user!, 100n * USD);
    await allowDeposits(world.system, user!);
    await driver.follow();
    const slot = ledger.accounts.slot(accountOf(user!).toLowerCase() as Hex);
    await world.tamper("PositionLedger", slot, (await world.wordAt("PositionLedger", slot)) + 10n ** 18n);
    await depositAllowed(world.system, user!, 5n * USD);
    await driver.follow();
    return { world, driver };
  },
};

/** A trade that margin forbids and the chain accepted. */
const ILLEGAL: Stage = {
  name: "a trade that margin forbids (G18)",
  ...{ kind: "Diverged", cause: "illegal", contract: "PositionLedger", level: "root-only" },
  run: async () => {
    const { world, driver } = await opened({ module: "LaxLockstep" });
    const [poor, accomplice] = world.system.users;
    await driver.follow();
    await new OrderBook(world.system).trade(poor!, accomplice!, { size: 100n * UNIT });
    await driver.follow();
    return { world, driver };
  },
};

const CODE_CHANGED: Stage = {
  name: "changed code",
  ...{ kind: "Diverged", cause: "code-changed", contract: "CollateralVault", level: "root-only" },
  run: async () => {
    const { world, driver } = await opened();
    await driver.follow();
    const code = (await world.send("eth_getCode", world.addresses.CollateralVault, "latest")) as Hex;
    await world.send("hardhat_setCode", world.addresses.CollateralVault, `${code}00`);
    await world.mine();
    await driver.follow();
    return { world, driver };
  },
};

/** Code that logs what no event explains takes the place of a contract's. */
const UNREADABLE: Stage = {
  name: "a log that its contract's ABI does not explain",
  ...{ kind: "Diverged", cause: "unreadable", contract: "InsuranceFund", level: "root-only" },
  run: async () => {
    const { world, driver } = await opened();
    await driver.follow();
    await world.send("hardhat_setCode", world.addresses.InsuranceFund, "0x60006000a000");
    const [user] = world.system.users;
    await user!.sendTransaction({ to: world.addresses.InsuranceFund });
    await driver.follow();
    return { world, driver };
  },
};

/** The keeper's ledger reducer turns a bit of what it writes. */
const OWN_FAULT: Stage = {
  name: "a fault of the keeper's own",
  ...{ kind: "OwnFault", cause: "unexplained-write", contract: "PositionLedger", level: "root-only" },
  run: async () => {
    let isBroken = false;
    const { PositionLedger: sound } = REDUCERS;
    const breaking: typeof sound = {
      ...sound,
      apply: (event, context) => {
        if (isBroken) BROKEN_REDUCERS.PositionLedger.apply(event, context);
        else sound.apply(event, context);
      },
    };
    const reducers = { ...REDUCERS, PositionLedger: breaking };
    const { world, driver } = await opened({}, { replacements: { reducers } });
    const [user] = world.system.users;
    await depositUsd(world.system, user!, 100n * USD);
    await allowDeposits(world.system, user!);
    await driver.follow();
    isBroken = true;
    await depositAllowed(world.system, user!, 5n * USD);
    await driver.follow();
    return { world, driver };
  },
};

/** No source proves three blocks, the divergent one among them: the step is of several blocks. */
const SPANNING: Stage = {
  name: "a divergence behind blocks that nobody proved",
  ...{ kind: "Diverged", cause: "unexplained-write", contract: "PositionLedger", level: "located" },
  run: async () => {
    const world = await World.open();
    let isDumb = false;
    const rpc = {
      request: async (method: string, params: readonly unknown[]) => {
        if (isDumb && method === "eth_getProof") throw new Error("no proofs");
        return world.rpc.request(method, params);
      },
    };
    const driver = world.keeper({ rpcs: { hardhat: rpc } });
    const [user] = world.system.users;
    await depositUsd(world.system, user!, 100n * USD);
    await allowDeposits(world.system, user!);
    await driver.follow();
    isDumb = true;
    for (let count = 0; count < 2; count += 1) {
      await depositAllowed(world.system, user!, 5n * USD);
      await driver.follow();
    }
    const slot: Hash = ledger.accounts.slot(`0x${"07".repeat(32)}`);
    await world.tamper("PositionLedger", slot, 1n << 200n);
    await world.mine();
    await driver.follow();
    isDumb = false;
    await world.mine();
    await driver.follow();
    return { world, driver };
  },
};

/** One for each cause, and for each way in which a step can look. */
export const STAGES: readonly Stage[] = [
  ...[MIGRATED, UNKNOWN_SLOT, HEALED, ILLEGAL, CODE_CHANGED, UNREADABLE, OWN_FAULT, SPANNING],
];
