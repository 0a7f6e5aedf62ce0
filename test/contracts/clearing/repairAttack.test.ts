import { expect } from "chai";
import { toBeHex, ZeroHash, zeroPadValue, type Addressable } from "ethers";
import { network } from "hardhat";

import { storage as vaultStorage } from "../../../keeper/books/generated/CollateralVault.ts";
import { storage as instrumentStorage } from "../../../keeper/books/generated/InstrumentRegistry.ts";
import { storage as ledgerStorage } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";
import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { impersonate } from "../../helpers/assets.ts";
import { postCheckpoint, type Attested } from "../../helpers/attestations.ts";
import { resume } from "../../helpers/guard.ts";
import { readWitness } from "../../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SCALE = 10n ** 12n;
const DEPOSIT = 1_000_000n;
const WITHDRAWN = 200_000n;

interface Scene {
  readonly system: Lockstep;
  readonly attested: Attested;
}

const word = (value: bigint): string => toBeHex(value, 32);

/** User 0, the holder of the repair role, has 0.8 dollars and others millions; checkpointed, then halted. */
async function scene(): Promise<Scene> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  const { users, vault, usd, guard, keeperRegistry } = system;
  await depositUsd(system, users[0]!, DEPOSIT);
  await depositUsd(system, users[1]!, 5_000_000_000_000n);
  await vault.connect(users[0]!).withdraw(accountOf(users[0]!), usd.target, WITHDRAWN, users[0]!.address);
  const attested = await postCheckpoint(system);
  const asKeepers = await impersonate(system, keeperRegistry.target as string);
  await guard.connect(asKeepers).onQuorumLost(1);
  return { system, attested };
}

describe("repair > a thief with the repair role", () => {
  let system: Lockstep;
  let attested: Attested;
  let account: Hex;
  let asset: Hex;

  beforeEach(async () => {
    ({ system, attested } = await networkHelpers.loadFixture(scene));
    account = accountOf(system.users[0]!) as Hex;
    asset = (system.usd.target as string).toLowerCase() as Hex;
  });

  /** Writes `value` where it says whatever stands there now. */
  async function forge(book: Addressable, variable: number, keys: readonly string[], slot: string, value: bigint) {
    const address = await book.getAddress();
    const expected = await system.ethers.provider.getStorage(address, slot);
    return await system.guard.repair(address, { variable, keys: [...keys], offset: 0, expected, value: word(value) });
  }

  async function forgeQuote(quote: bigint): Promise<void> {
    const slot = ledgerStorage.accounts.slot(account);
    const fields = ledgerStorage.accounts.decode(BigInt(await system.ethers.provider.getStorage(system.ledger, slot)));
    await forge(system.ledger, 1, [account], slot, ledgerStorage.accounts.encode({ ...fields, quote }));
  }

  const assetKeys = () => [account, zeroPadValue(asset, 32)];
  const witness = async () => await readWitness(system, attested, account, system.usd);
  const withdraw = async (amount: bigint) => {
    const [thief] = system.users;
    return await system.vault
      .connect(thief!)
      .withdrawWitnessed(account, asset, amount, thief!.address, await witness());
  };

  it("needs the role, a halt, and a book", async () => {
    const { guard, users, oracle, registry, instruments } = system;
    const item = { variable: 1, keys: [account], offset: 0, expected: ZeroHash, value: word(1n) };
    await expect(guard.connect(users[0]!).repair(system.ledger.target, item))
      .to.be.revertedWithCustomError(guard, "AccessManagedUnauthorized")
      .withArgs(users[0]!.address);
    await expect(guard.repair(users[0]!.address, item))
      .to.be.revertedWithCustomError(guard, "GuardNotBook")
      .withArgs(users[0]!.address);
    // Books without a word to repair.
    for (const book of [oracle, registry, instruments])
      await expect(guard.repair(book.target, item)).to.revert(system.ethers);
    await resume(system);
    await expect(guard.repair(system.ledger.target, item)).to.be.revertedWithCustomError(guard, "GuardNotHalted");
  });

  it("gets what its account was proved to hold, once, whatever balance it writes and however often", async () => {
    const proven = DEPOSIT - WITHDRAWN;
    await forgeQuote(10n ** 30n);
    await expect(withdraw(proven + 1n))
      .to.be.revertedWithCustomError(system.vault, "VaultAboveWitnessed")
      .withArgs(account, system.usd.target, proven + 1n, proven);
    await withdraw(proven);
    await forgeQuote(10n ** 30n);
    expect(await system.vault.payableWitnessed(account, asset, await witness())).to.equal(0);
  });

  it("brings back no counter of what left, neither below the proven one nor down to it", async () => {
    const slot = vaultStorage.flows.slot(account, asset);
    const flow = vaultStorage.flows.decode(BigInt(await system.ethers.provider.getStorage(system.vault, slot)));
    await withdraw(100n);
    for (const withdrawn of [0n, WITHDRAWN, WITHDRAWN + 99n]) {
      const value = vaultStorage.flows.encode({ ...flow, withdrawn });
      await expect(forge(system.vault, 2, assetKeys(), slot, value))
        .to.be.revertedWithCustomError(system.vault, "RepairForbidden")
        .withArgs(2, 2, 0);
    }
    await forge(
      system.vault,
      2,
      assetKeys(),
      slot,
      vaultStorage.flows.encode({ ...flow, withdrawn: WITHDRAWN + 101n }),
    );
    expect(await system.vault.payableWitnessed(account, asset, await witness())).to.equal(DEPOSIT - WITHDRAWN - 101n);
  });

  it("has brought nothing that it has not, however much it writes, nor as a younger account", async () => {
    const slot = vaultStorage.flows.slot(account, asset);
    const flow = vaultStorage.flows.decode(BigInt(await system.ethers.provider.getStorage(system.vault, slot)));
    await forgeQuote(10n ** 30n);
    const now = BigInt(await system.ethers.provider.getBlockNumber());
    for (const changes of [{ deposited: 10n ** 12n }, { openedAt: now }, { deposited: 10n ** 12n, openedAt: now }]) {
      await expect(
        forge(system.vault, 2, assetKeys(), slot, vaultStorage.flows.encode({ ...flow, ...changes })),
      ).to.be.revertedWithCustomError(system.vault, "RepairForbidden");
    }
    expect(await system.vault.payableWitnessed(account, asset, await witness())).to.equal(DEPOSIT - WITHDRAWN);
    // What it can write is that it has brought less.
    await forge(system.vault, 2, assetKeys(), slot, vaultStorage.flows.encode({ ...flow, deposited: DEPOSIT - 1n }));
    expect(await system.vault.payableWitnessed(account, asset, await witness())).to.equal(0);
  });

  it("values nothing proven by settings of its own: those are no words to repair", async () => {
    const { instruments } = system;
    const slot = instrumentStorage.instruments.slot(1n);
    const terms = BigInt(await system.ethers.provider.getStorage(instruments, slot));
    await expect(forge(instruments, 1, [word(1n)], slot, terms ^ 1n)).to.revert(system.ethers);
    expect("repair" in instruments).to.equal(false);
  });

  it("claims nothing that it was not owed before", async () => {
    const claim = vaultStorage.claims.encode({ owed: 10n ** 12n, paid: 0n });
    await forge(system.vault, 3, assetKeys(), vaultStorage.claims.slot(account, asset), claim);
    // The checkpoint has no claim of it: the proof of another word is none of it.
    const [thief] = system.users;
    await expect(
      system.vault.connect(thief!).claimWitnessed(account, asset, thief!.address, await witness()),
    ).to.be.revertedWithCustomError(system.verifier, "TrieProofTraversalError");
    await expect(
      system.vault.connect(thief!).claimWitnessed(account, asset, thief!.address, {
        ...(await witness()),
        ...{ balanceProof: [], flowProof: [] },
      }),
    ).to.be.revertedWithCustomError(system.vault, "VaultNothingToClaim");
    await expect(system.vault.connect(thief!).claim(account, asset, thief!.address)).to.be.revertedWithCustomError(
      system.vault,
      "VaultClaimsRestricted",
    );
  });

  it("lets the vault owe no more than it has", async () => {
    const slot = vaultStorage.assets.slot(asset);
    const right = vaultStorage.assets.decode(BigInt(await system.ethers.provider.getStorage(system.vault, slot)));
    const forgeHeld = async (held: bigint) =>
      await forge(system.vault, 1, [zeroPadValue(asset, 32)], slot, vaultStorage.assets.encode({ ...right, held }));
    await expect(forgeHeld(right.held + 1n))
      .to.be.revertedWithCustomError(system.vault, "VaultCustodyShort")
      .withArgs(system.usd.target, right.held, right.held + 1n);
    await forgeHeld(right.held - 1n);
    await forgeHeld(right.held);
  });

  it("prepares no payment of a wind-down", async () => {
    for (const variable of [5, 6, 7, 8]) {
      for (const keys of [assetKeys(), [zeroPadValue(asset, 32)]]) {
        const item = { variable, keys, offset: 0, expected: ZeroHash, value: word(10n ** 12n) };
        await expect(system.guard.repair(system.vault.target, item)).to.be.revertedWithCustomError(
          system.vault,
          "RepairForbidden",
        );
      }
    }
  });

  it("repairs nothing any more once the wind-down has begun", async () => {
    await networkHelpers.time.increase(Number(await system.guard.WIND_DOWN_TIME()));
    await system.guard.startWindDown();
    await expect(forgeQuote(10n * SCALE)).to.be.revertedWithCustomError(system.guard, "GuardWindDown");
  });
});
