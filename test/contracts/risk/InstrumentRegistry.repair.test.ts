import { expect } from "chai";
import { AbiCoder, keccak256, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { InstrumentRegistry } from "../../../types/ethers-contracts/index.ts";
import { DAY, deployRisk, FEEDS, UNIT, type Risk } from "./deployRisk.ts";
import { callTerms, perpetualTerms } from "./terms.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const [PERPETUAL, OPTION] = [1, 2] as const;
const VARIABLES = {
  authority: 0,
  instruments: 1,
  options: 2,
  settlements: 3,
  collateral: 4,
  ids: 5,
  count: 6,
  caps: 7,
};
const WIND_DOWN_FLAG = 1n << 176n;
const coder = AbiCoder.defaultAbiCoder();

const scene = async (): Promise<Risk> => await deployRisk(connection);

/** A 32-byte word. */
function word(value: bigint | number): string {
  return toBeHex(value, 32);
}

describe("InstrumentRegistry > repair", () => {
  let system: Risk;
  let instruments: InstrumentRegistry;
  let token: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(scene);
    ({ instruments } = system);
    const expiry = (await networkHelpers.time.latest()) + 30 * DAY;
    token = await (await system.ethers.deployContract("MockToken", ["Wrapped Ether", "WETH", 18])).getAddress();
    await instruments.setInstrument(PERPETUAL, perpetualTerms());
    await instruments.listOption(OPTION, callTerms(FEEDS.rounds), 3_000n * UNIT, expiry, 800_000, 300_000);
    await instruments.setCollateral(token, FEEDS.bare, 100_000);
  });

  function slotOf(variable: number, key: bigint | number): string {
    return keccak256(coder.encode(["uint256", "uint256"], [key, variable]));
  }

  async function read(variable: number, key: bigint | number): Promise<bigint> {
    return BigInt(await system.ethers.provider.getStorage(instruments.target, slotOf(variable, key)));
  }

  /** A repair of `variable[key]` from what it holds to `value`. */
  async function repairOf(variable: number, key: bigint | number, value: bigint) {
    const expected = word(await read(variable, key));
    return { variable, keys: [word(key)], offset: 0, expected, value: word(value) };
  }

  async function refuses(
    item: Parameters<InstrumentRegistry["repair"]>[0],
    error: string,
    args: readonly unknown[] = [],
  ) {
    await expect(instruments.repair(item))
      .to.be.revertedWithCustomError(instruments, error)
      .withArgs(...args);
  }

  it("is for the guard's role", async () => {
    const item = await repairOf(VARIABLES.options, OPTION, 1n);
    await expect(instruments.connect(system.user).repair(item))
      .to.be.revertedWithCustomError(instruments, "AccessManagedUnauthorized")
      .withArgs(system.user.address);
  });

  it("refuses variables that are not listed, and other keys and offsets than they have", async () => {
    for (const variable of [VARIABLES.authority, VARIABLES.ids, VARIABLES.count, VARIABLES.caps, 8, 31, 32, 255]) {
      for (const keys of [[], [word(1)]]) {
        const item = { variable, keys, offset: 0, expected: ZeroHash, value: word(1) };
        await refuses(item, "RepairForbidden", [variable, keys.length, 0]);
      }
    }
    const item = await repairOf(VARIABLES.options, OPTION, 1n);
    await refuses({ ...item, keys: [] }, "RepairForbidden", [2, 0, 0]);
    await refuses({ ...item, keys: [...item.keys, ZeroHash] }, "RepairForbidden", [2, 2, 0]);
    await refuses({ ...item, offset: 1 }, "RepairForbidden", [2, 1, 1]);
  });

  it("refuses another word than the one that stands, and to clear one", async () => {
    const item = await repairOf(VARIABLES.options, OPTION, 1n);
    await refuses({ ...item, expected: word(7) }, "RepairUnexpected", [
      slotOf(VARIABLES.options, OPTION),
      item.expected,
      word(7),
    ]);
    await refuses({ ...item, value: ZeroHash }, "RepairZeroValue");
  });

  it("refuses another asset of a collateral, which `setCollateral` names", async () => {
    const held = await read(VARIABLES.collateral, 1);
    expect(toBeHex(held & (2n ** 160n - 1n), 20)).to.equal(token.toLowerCase());
    for (const bit of [0n, 80n, 159n]) {
      const item = await repairOf(VARIABLES.collateral, 1, held ^ (1n << bit));
      await refuses(item, "RepairForbidden", [VARIABLES.collateral, 1, 0]);
    }
  });

  it("refuses a settlement of a wind-down, and everything beyond its mark", async () => {
    for (const instrument of [PERPETUAL, OPTION]) {
      for (const flag of [WIND_DOWN_FLAG, WIND_DOWN_FLAG << 79n]) {
        const item = await repairOf(VARIABLES.settlements, instrument, flag | 1n);
        await refuses(item, "RepairForbidden", [VARIABLES.settlements, 1, 0]);
      }
    }
  });

  it("writes a word of each listed variable, and says so", async () => {
    const haircut = 1n << 176n;
    for (const [variable, key, change] of [
      [VARIABLES.instruments, PERPETUAL, 1n << 24n],
      [VARIABLES.options, OPTION, 1n],
      [VARIABLES.settlements, OPTION, 3_000n * UNIT],
      [VARIABLES.collateral, 1, haircut],
    ] as const) {
      const before = await read(variable, key);
      const value = before ^ change;
      await expect(instruments.repair(await repairOf(variable, key, value)))
        .to.emit(instruments, "WordRepaired")
        .withArgs(slotOf(variable, key), word(before), word(value));
      expect(await read(variable, key)).to.equal(value);
    }
    expect((await instruments.instrumentOf(PERPETUAL)).initialPpm).to.equal(100_001n);
    expect((await instruments.optionOf(OPTION)).strike).to.equal(3_000n * UNIT + 1n);
    expect(await instruments.settlementOf(OPTION)).to.deep.equal([3_000n * UNIT, 0n, true, false]);
    expect((await instruments.collateralOf(1)).haircutPpm).to.equal(100_001n);
  });

  it("puts back what was tampered with", async () => {
    const before = await read(VARIABLES.instruments, PERPETUAL);
    const slot = slotOf(VARIABLES.instruments, PERPETUAL);
    await networkHelpers.setStorageAt(String(instruments.target), slot, word(before ^ (1n << 50n)));
    await instruments.repair(await repairOf(VARIABLES.instruments, PERPETUAL, before));
    expect([...(await instruments.instrumentOf(PERPETUAL))]).to.deep.equal(Object.values(perpetualTerms()));
  });
});
