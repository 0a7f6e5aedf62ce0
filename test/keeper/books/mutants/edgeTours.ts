import { id, toBeHex, Wallet, type AddressLike } from "ethers";

import { depositUsd, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { listCollateral } from "../../../helpers/assets.ts";
import { attest, falsify, postAttested, postCheckpoint } from "../../../helpers/attestations.ts";
import { convict } from "../../../helpers/convict.ts";
import { CAUSES, certifyPause, pause, readHead, resume, sendResume, signPause } from "../../../helpers/guard.ts";
import { approveKeeper, bondKeeper } from "../../../helpers/keepers.ts";
import { setNextTime } from "../../../helpers/liquidate.ts";
import { tourLosses } from "../naive/tourLosses.ts";
import { passTime } from "../naive/stage.ts";

const COIN = 10n ** 8n;
const USD = 1_000_000n;
const HOUR = 3_600;
/** Checkpoints that the registry keeps. */
const RING = 64;

async function wait({ ethers }: Lockstep, seconds: number): Promise<void> {
  await ethers.provider.send("evm_increaseTime", [seconds]);
}

async function deployCoin(system: Lockstep, holder: { readonly address: string }, amount: bigint) {
  const coin = await system.ethers.deployContract("PermitToken");
  await coin.mint(holder.address, amount);
  return coin;
}

/**
 * Limits at their ends: a deposit beyond what a level can be, a withdrawal of exactly what may leave at once, and one of an
 * asset that the account never deposited.
 */
export async function tourVaultEdges(system: Lockstep): Promise<void> {
  const { vault, users } = system;
  const [rich, exact, bidder] = [users[0]!, users[1]!, users[8]!];
  const flood = await deployCoin(system, rich, 2n ** 97n);
  await listCollateral(system, flood, { cap: 2n ** 111n, outflowPpm: 1n, allowancePpm: 1n, period: 3_600n });
  await flood.connect(rich).approve(vault.target, 2n ** 97n);
  await vault.connect(rich).deposit(accountOf(rich), flood.target, 2n ** 97n);

  const coin = await deployCoin(system, exact, 100n * COIN);
  const asset = coin.target as AddressLike;
  await listCollateral(system, coin, { cap: 10_000n * COIN, outflowPpm: 1_000n, allowancePpm: 1_000n, period: 600n });
  await coin.connect(exact).approve(vault.target, 50n * COIN);
  await vault.connect(exact).deposit(accountOf(exact), asset, 50n * COIN);
  await passTime(system, HOUR);
  await vault.connect(exact).withdraw(accountOf(exact), asset, 10n * COIN, exact.address);

  const sold = await deployCoin(system, rich, COIN);
  await listCollateral(system, sold);
  await tourLosses(system, sold);
  await vault.connect(bidder).withdraw(accountOf(bidder), sold.target, COIN / 100n, bidder.address);
}

/**
 * Windows of an auction at their ends, witnesses next to checkpoints: a pause before any checkpoint, one of the very block of
 * a checkpoint, and a conviction of the witness whose next block has a checkpoint as well.
 */
export async function tourWitnesses(system: Lockstep): Promise<void> {
  const { registry, guard, keepers } = system;
  await pause(system, 0, id("none"), await readHead(system));
  const first = Number((await registry.booksOf(1)).activeFrom);
  await postCheckpoint(system, first);
  await wait(system, 2 * HOUR);
  await postCheckpoint(system);
  const { attestation } = await postCheckpoint(system);
  await system.ethers.provider.send("evm_mine", []);
  const block = (await system.ethers.provider.getBlock(attestation.blockNumber))!;
  const judged = { number: block.number, hash: block.hash!, parentHash: block.parentHash, timestamp: block.timestamp };
  await pause(system, 1, id("same"), judged, CAUSES.view);
  await wait(system, 2 * HOUR);
  await postCheckpoint(system);
  const before = await postCheckpoint(system);
  const wrong = falsify(await attest(system), 3);
  await postAttested(system, wrong);
  const next = wrong.attestation.blockNumber + 1;
  await pause(system, 2, id("next"), await readHead(system));
  if (Number(await guard.witnessNumber()) !== next - 1) throw new Error("the witness is another one");
  await postCheckpoint(system, next);
  await convict(system, wrong, { index: 3, signers: [keepers[3]!.attester] });
  if (Number(await guard.witnessNumber()) !== before.attestation.blockNumber) throw new Error("not the one before");
  await resume(system);
}

/** Keepers that wait before they join, and two that leave their seats at once. */
export async function tourSeats(system: Lockstep): Promise<void> {
  const { keeperRegistry, keepers, users } = system;
  const [late, later] = [new Wallet(id("late")), new Wallet(id("later"))];
  await approveKeeper(system, late, users[5]!);
  await bondKeeper(system, late);
  await wait(system, Number(await keeperRegistry.JOIN_DELAY()));
  await keeperRegistry.activate(late.address);
  const wrong = falsify(await attest(system), 0);
  await convict(system, wrong, { signers: keepers.slice(0, 2).map(({ attester }) => attester) });
  await approveKeeper(system, later, users[6]!);
  await bondKeeper(system, later);
  await wait(system, Number(await keeperRegistry.JOIN_DELAY()));
  await keeperRegistry.activate(later.address);
}

/**
 * Pauses of one key again at the first moment at which it may: for the books after one for the books and after one for a
 * view, which ended by themselves or were lifted before or long before; and for a view.
 */
export async function tourBudget(system: Lockstep): Promise<void> {
  const { guard } = system;
  const again = async (index: number, cause: number, at: number): Promise<void> => {
    await setNextTime(system, at - 2);
    await postCheckpoint(system);
    const head = await readHead(system);
    await setNextTime(system, at);
    await pause(system, index, id(`pause at ${at}`), head, cause);
  };
  const lift = async (): Promise<number> => {
    await wait(system, 3 * HOUR);
    await postCheckpoint(system);
    return Number((await guard.incident()).liftedAt);
  };
  const coolDown = Number(await guard.COOL_DOWN());
  await postCheckpoint(system);
  await pause(system, 0, id("zero"), await readHead(system));
  // Lifted after its end: the cool-down counts from then.
  await again(0, CAUSES.books, (await lift()) + coolDown);
  await again(0, CAUSES.view, (await lift()) + coolDown);
  await again(0, CAUSES.books, (await lift()) + coolDown);
  // A view's pause and one for the books in the same incident, and then another key's.
  await lift();
  await pause(system, 1, id("other"), await readHead(system), CAUSES.view);
  await pause(system, 1, id("worse"), await readHead(system), CAUSES.books);
  await pause(system, 2, id("third"), await readHead(system), CAUSES.books);
  await lift();
  await tourEnds(system, again);
}

type Again = (index: number, cause: number, at: number) => Promise<void>;

/** The end that counts: its own, when another incident came in between, or when a quorum resumed before. */
async function tourEnds(system: Lockstep, again: Again): Promise<void> {
  const { guard } = system;
  const coolDown = Number(await guard.COOL_DOWN());
  const pauseUntil = async (index: number, cause: number, name: string): Promise<number> => {
    await wait(system, 3 * HOUR);
    await postCheckpoint(system);
    await pause(system, index, id(name), await readHead(system), cause);
    return Number((await guard.incident()).softUntil);
  };
  const own = await pauseUntil(1, CAUSES.books, "own");
  await system.ethers.provider.send("evm_mine", []);
  await setNextTime(system, own);
  await postCheckpoint(system);
  await pause(system, 2, id("between"), await readHead(system), CAUSES.view);
  const between = Number((await guard.incident()).softUntil);
  await system.ethers.provider.send("evm_mine", []);
  await setNextTime(system, between);
  await postCheckpoint(system);
  await again(1, CAUSES.books, own + coolDown);

  const early = await pauseUntil(3, CAUSES.books, "early");
  await system.ethers.provider.send("evm_mine", []);
  await postCheckpoint(system);
  await sendResume(system);
  // The view's pause begins just when the one for the books has cooled down, and leaves another one for the books.
  await again(3, CAUSES.view, early + coolDown);
  await pause(system, 3, id("both"), await readHead(system), CAUSES.books);
}

/** Rewards of the first checkpoints: of the second at once, of the first when the ring is full, of one when it turned. */
export async function tourFirstReward(system: Lockstep): Promise<void> {
  const { registry, fund, ledger, vault, usd, admin } = system;
  await usd.mint(admin.address, 1_000n * USD);
  await usd.connect(admin).approve(vault.target, 1_000n * USD);
  await vault.connect(admin).deposit(await fund.ACCOUNT(), usd.target, 1_000n * USD);
  await registry.setReward(10n ** 16n, 50);
  await depositUsd(system, system.users[0]!, USD);
  const first = await postCheckpoint(system);
  await system.connection.networkHelpers.mine(5);
  const second = await postCheckpoint(system);
  await fund.setTarget((await ledger.quoteOf(await fund.ACCOUNT())) as bigint);
  await registry.claimReward(second.attestation.blockNumber, accountOf(admin));
  for (let posted = 2; posted < RING; posted += 1) await postCheckpoint(system);
  await fund.setTarget((await ledger.quoteOf(await fund.ACCOUNT())) as bigint);
  await registry.claimReward(first.attestation.blockNumber, accountOf(admin));
  for (let posted = 0; posted < 2; posted += 1) await postCheckpoint(system);
  await registry.claimReward(Number(await registry.newestNumber()), accountOf(admin));
}

/** In one transaction a keeper set that has just a quorum begins, and a certificate halts that is named by its number. */
export async function tourNamedSet(system: Lockstep): Promise<void> {
  const { authority, ethers, guard, keeperRegistry, keepers, users } = system;
  const second = new Wallet(id("second"));
  await approveKeeper(system, second, users[5]!);
  await bondKeeper(system, second);
  await postCheckpoint(system);
  const judged = await readHead(system);
  await postCheckpoint(system);
  const setId = (await keeperRegistry.setId()) + 1n;
  const certificate = { ...(await certifyPause(system, toBeHex(setId, 32), judged)), setId };
  const attesters = [keepers[0]!.attester, second];
  const members = attesters.map(({ address }) => address).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  const signatures = await signPause(system, certificate, attesters);
  const set = { id: setId, quorum: 2n, members };
  const calls = [
    [keeperRegistry.target, keeperRegistry.interface.encodeFunctionData("activate", [second.address])],
    [guard.target, guard.interface.encodeFunctionData("hardPause", [certificate, set, signatures])],
  ].map((call) => authority.interface.encodeFunctionData("execute", call as [string, string]));
  await authority.multicall(calls);
  await ethers.provider.send("evm_mine", []);
}

/** A book set that begins with a block of which there is a checkpoint, and with the one before it. */
export async function tourBookSets(system: Lockstep): Promise<void> {
  const { registry, books } = system;
  await postCheckpoint(system);
  const from = (await system.ethers.provider.getBlockNumber()) + 70;
  await registry.setBooks([...books].reverse(), from);
  while ((await system.ethers.provider.getBlockNumber()) < from) await system.ethers.provider.send("evm_mine", []);
  await postCheckpoint(system, from - 1);
  await postAttested(
    { ...system, books: [...books].reverse() },
    await attest({ ...system, books: [...books].reverse() }, from),
  );
}
