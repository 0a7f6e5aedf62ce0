import { expect } from "chai";
import { dataSlice, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../fixtures/deployLockstep.ts";
import { accountOf } from "../helpers/accounts.ts";
import { attest, hashRoots, postCheckpoint, readKeeperSet, signAttestation } from "../helpers/attestations.ts";
import { certifyPause, certifyResume, GRADES, hardPause, readHead, signPause, signResume } from "../helpers/guard.ts";
import { OrderBook } from "../helpers/orders.ts";
import { readHeaderRlp } from "../helpers/proofs.ts";
import { slotOf } from "../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
/** A signature of 65 zero bytes. */
const ZERO_SIGNATURE = `0x${"00".repeat(65)}`;
const NO_SET = { id: 0n, quorum: 0n, members: [] };
const NO_ATTESTATION = { setId: 0n, bookSetVersion: 0n, blockNumber: 0, blockHash: ZeroHash, booksRoot: ZeroHash };
const ZERO_ACCOUNT = ZeroHash;

/** A call and the custom error that it is refused with. */
type Refusal = readonly [string, () => Promise<unknown>];

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  await postCheckpoint(system);
  await networkHelpers.mine();
  return system;
}

describe("F1: zero as what nobody filled in", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  /** All are refused, each for its reason, and nothing was changed by them. */
  async function expectRefused(refusals: readonly Refusal[]): Promise<void> {
    const before = await stateOf();
    for (const [index, [name, call]] of refusals.entries()) {
      const outcome = await call().then(
        () => "accepted",
        (error: unknown) => String(error),
      );
      expect(outcome, `call ${index}`).to.contain(name);
    }
    expect(await stateOf()).to.deep.equal(before);
  }

  const stateOf = async () => [
    await system.guard.incident(),
    await system.guard.halt(),
    await system.keeperRegistry.setId(),
    await system.registry.newestNumber(),
    (await system.ledger.hotWord()).flags,
  ];

  it("SyncGuard: refuses zero, as any hash, id, set, block or address", async () => {
    const { guard, keepers, instruments } = system;
    const { number, hash } = await readHead(system);
    const paused = guard.connect(keepers[0]!.pauser);
    const set = await readKeeperSet(system);
    const pausing = await certifyPause(system, hash, await readHead(system));
    const signed = await signPause(system, pausing);
    const halting = (changes: object, keeperSet = set, signatures = signed) =>
      guard.hardPause({ ...pausing, ...changes }, keeperSet, signatures);
    await expectRefused([
      ["GuardAlreadyBound", async () => guard.bind(ZeroAddress)],
      ["GuardZeroIncident", async () => paused.softPause(ZeroHash, 0, number, hash, ZeroHash)],
      ["GuardZeroHash", async () => paused.softPause(hash, 0, number, ZeroHash, ZeroHash)],
      ["GuardWrongBlock", async () => paused.softPause(hash, 0, 0, hash, ZeroHash)],
      ["GuardZeroIncident", async () => halting({ incidentId: ZeroHash })],
      ["GuardZeroHash", async () => halting({ blockHash: ZeroHash })],
      ["GuardWrongBlock", async () => halting({ blockNumber: 0 })],
      ["GuardWrongKeeperSet", async () => halting({ setId: 0n })],
      ["QuorumWrongSet", async () => halting({ setId: 0n }, NO_SET)],
      ["QuorumTooFew", async () => halting({}, set, "0x")],
      ["QuorumBadSignature", async () => halting({}, set, ZERO_SIGNATURE.padEnd(2 + 3 * 130, "0"))],
      ["GuardNotRegistry", async () => guard.onCheckpoint(0)],
      ["GuardNotRegistry", async () => guard.onConviction(ZeroHash, 0)],
      ["GuardNotKeeperRegistry", async () => guard.onQuorumLost(0)],
      ["GuardNoSequencer", async () => guard.creditOutage(0, 0)],
      ["GuardNotHalted", async () => guard.acceptBooks(0, ZeroHash, [])],
      ["GuardNotWindDown", async () => guard.fixPrice(0, 0)],
      ["GuardNotWindDown", async () => guard.fixPriceByGovernance(0, 0)],
    ]);

    await hardPause(system, hash, await readHead(system));
    await networkHelpers.time.increase(Number(await guard.COOL_DOWN()));
    await postCheckpoint(system);
    const head = await readHead(system);
    const resuming = await certifyResume(system);
    const resumeOf = async (changes: object, keeperSet = set) => {
      const certificate = { ...resuming, ...changes };
      return await guard.resume(certificate, keeperSet, await signResume(system, certificate));
    };
    const word = { variable: 0, keys: [], offset: 0, expected: ZeroHash, value: ZeroHash };
    const correction = { book: ZeroAddress, slot: ZeroHash, value: ZeroHash };
    const account = { ...word, variable: 1, keys: [slotOf.account(ZERO_ACCOUNT)] };
    await expectRefused([
      ["GuardWrongIncident", async () => resumeOf({ incidentId: ZeroHash })],
      ["GuardWrongNonce", async () => resumeOf({ pauseNonce: 0n })],
      ["GuardCheckpointTooOld", async () => resumeOf({ checkpointNumber: 0n })],
      ["GuardWrongCheckpoint", async () => resumeOf({ checkpointDigest: ZeroHash })],
      ["GuardWrongKeeperSet", async () => resumeOf({ setId: 0n })],
      ["QuorumWrongSet", async () => resumeOf({ setId: 0n }, NO_SET)],
      ["GuardNotBook", async () => guard.repair(ZeroAddress, word)],
      ["RepairZeroValue", async () => guard.repair(system.ledger.target, account)],
      ["GuardZeroHash", async () => guard.acceptBooks(head.number, ZeroHash, [correction])],
      ["GuardNoCorrections", async () => guard.acceptBooks(head.number, head.hash, [])],
      ["GuardNotBook", async () => guard.acceptBooks(head.number, head.hash, [correction])],
    ]);

    await networkHelpers.time.increase(Number(await guard.WIND_DOWN_TIME()));
    await guard.startWindDown();
    await networkHelpers.time.increase(7 * 86_400);
    await expectRefused([
      ["OracleUnknownFeed", async () => guard.fixPrice(0, 0)],
      ["OracleRoundInvalid", async () => guard.fixPrice(1, 0)],
      ["InstrumentZero", async () => guard.fixPriceByGovernance(1, 0)],
    ]);
    expect((await instruments.payoffOf(1))[1]).to.equal(false);
    expect((await system.ledger.hotWord()).flags).to.equal(GRADES.windDown);
  });

  it("CheckpointRegistry: refuses zero, as any hash, root, set, block or address", async () => {
    const { registry, ethers, books } = system;
    const set = await readKeeperSet(system);
    const { attestation, roots } = await attest(system);
    const post = async (changes: object, given = roots, keeperSet = set, signatures?: string) => {
      const changed = { ...attestation, ...changes };
      return await registry.post(changed, given, keeperSet, signatures ?? (await signAttestation(system, changed)));
    };
    const header = await readHeaderRlp(ethers, attestation.blockNumber);
    const convict = async (changes: object, given = roots, shown = header) => {
      const changed = { ...attestation, ...changes };
      return await registry.convict(changed, given, await signAttestation(system, changed), 0, shown, []);
    };
    const holed = roots.with(3, ZeroHash);
    await expectRefused([
      ["RegistryNotKeeperRegistry", async () => registry.onKeeperSet(0, ZeroHash)],
      ["RegistryBadBookCount", async () => registry.setBooks([], 0)],
      ["RegistryZeroAddress", async () => registry.setBooks([ZeroAddress], 1_000_000)],
      ["RegistryZeroHash", async () => registry.post(NO_ATTESTATION, [], NO_SET, "0x")],
      ["RegistryZeroHash", async () => post({ blockHash: ZeroHash })],
      ["RegistryNotNewer", async () => post({ blockNumber: 0 })],
      ["RegistryWrongKeeperSet", async () => post({ setId: 0n })],
      ["RegistryWrongBookSet", async () => post({ bookSetVersion: 0n })],
      ["RegistryRootsMismatch", async () => post({ booksRoot: ZeroHash })],
      ["RegistryRootCount", async () => post({ booksRoot: hashRoots([]) }, [])],
      ["RegistryZeroRoot(3)", async () => post({ booksRoot: hashRoots(holed) }, holed)],
      ["QuorumWrongSet", async () => post({}, roots, NO_SET)],
      ["QuorumTooFew", async () => post({}, roots, set, "0x")],
      ["QuorumBadSignature", async () => post({}, roots, set, ZERO_SIGNATURE.padEnd(2 + 3 * 130, "0"))],
      ["RegistryUnknownCheckpoint", async () => registry.prove(NO_ATTESTATION, [], "0x", [], [])],
      ["QuorumTooFew", async () => registry.convict(NO_ATTESTATION, [], "0x", 0, "0x", [])],
      ["QuorumBadSignature", async () => registry.convict(attestation, roots, ZERO_SIGNATURE, 0, header, [])],
      ["StorageProofHeaderMismatch", async () => convict({ blockHash: ZeroHash })],
      ["StorageProofHeaderMismatch", async () => convict({}, roots, "0x")],
      ["RegistryRootsMismatch", async () => convict({ booksRoot: ZeroHash })],
      ["RegistryWrongBookSet", async () => convict({ bookSetVersion: 0n })],
      ["RegistryUnknownCheckpoint", async () => registry.claimReward(0, ZERO_ACCOUNT)],
      ["RegistryUnknownCheckpoint", async () => registry.checkpointOf(0)],
      ["RegistryUnknownCheckpoint", async () => registry.verifyRoots(NO_ATTESTATION, [], ZeroAddress, ZeroAddress)],
      ["RegistryUnknownCheckpoint", async () => registry.storageRootOf(NO_ATTESTATION, [], books[0]!)],
    ]);
    expect(await registry.newestBefore(0)).to.equal(0);
    const posted = await postCheckpoint(system);
    await registry.setReward(1, 10);
    await expectRefused([
      ["FundZeroAddress", async () => registry.claimReward(posted.attestation.blockNumber, ZERO_ACCOUNT)],
      [
        "RegistryNotInBookSet",
        async () => registry.verifyRoots(posted.attestation, posted.roots, books[0]!, ZeroAddress),
      ],
    ]);
  });

  it("KeeperRegistry: refuses zero, as any key, owner, receiver or address", async () => {
    const { keeperRegistry, users, ethers } = system;
    const nobody = keeperRegistry.connect(ethers.provider);
    const [a, b, c] = users.map(({ address }) => address);
    const terms = { generation: 0, liftedAt: 0, coolDown: 0, softTime: 0, viewTime: 0 };
    await expectRefused([
      ["KeeperRegistryAlreadyBound", async () => keeperRegistry.bind(ZeroAddress, ZeroAddress)],
      ["KeeperRegistryZeroAddress", async () => keeperRegistry.approve(ZeroAddress, b!, c!)],
      ["KeeperRegistryZeroAddress", async () => keeperRegistry.approve(a!, ZeroAddress, c!)],
      ["KeeperRegistryZeroAddress", async () => keeperRegistry.approve(a!, b!, ZeroAddress)],
      ["KeeperRegistryWrongStatus", async () => keeperRegistry.bond(ZeroAddress)],
      ["KeeperRegistryWrongStatus", async () => keeperRegistry.activate(ZeroAddress)],
      ["KeeperRegistryNotOwner", async () => keeperRegistry.requestExit(ZeroAddress)],
      // The owner of no keeper is the zero address, which calls in a simulation only.
      ["KeeperRegistryWrongStatus", async () => nobody.requestExit.staticCall(ZeroAddress, { from: ZeroAddress })],
      ["KeeperRegistryWrongStatus", async () => keeperRegistry.remove(ZeroAddress)],
      ["KeeperRegistryWrongStatus", async () => keeperRegistry.withdrawBond(ZeroAddress)],
      ["KeeperRegistryNoVacancy", async () => keeperRegistry.closeSeat()],
      ["KeeperRegistryNotCheckpointRegistry", async () => keeperRegistry.slash([ZeroAddress], ZeroAddress)],
      ["KeeperRegistryZeroAddress", async () => keeperRegistry.claimReward(ZeroAddress)],
      ["KeeperRegistryNothingDue", async () => keeperRegistry.claimReward(a!)],
      ["KeeperRegistryNothingDue", async () => keeperRegistry.burn()],
      ["KeeperRegistryNotGuard", async () => keeperRegistry.usePause(ZeroAddress, 0, terms)],
    ]);
    expect((await keeperRegistry.keyOf(ZeroAddress)).isPausing).to.equal(false);
  });

  it("the clearing: refuses zero, as any account, asset, owner, receiver or signature", async () => {
    const { vault, ledger, settlement, auction, fund, usd, users } = system;
    const [user] = users;
    const unlisted = ZeroAddress;
    const orders = new OrderBook(system);
    const match = await orders.tradeMatch(users[0]!, users[1]!);
    const unsigned = { ...match, buySignature: ZERO_SIGNATURE, sellSignature: ZERO_SIGNATURE };
    const nobody = { ...unsigned, buy: { ...match.buy, account: ZERO_ACCOUNT } };
    const own = accountOf(user!);
    await depositUsd(system, user!, 1_000n);
    await expectRefused([
      ["VaultZeroAddress", async () => vault.deposit(ZERO_ACCOUNT, usd.target, 1)],
      ["VaultUnlistedAsset", async () => vault.connect(user).deposit(own, unlisted, 1)],
      ["VaultZeroAmount", async () => vault.deposit(own, usd.target, 0)],
      ["VaultNotOwner", async () => vault.connect(user).withdraw(ZERO_ACCOUNT, usd.target, 1, user!.address)],
      ["VaultZeroAddress", async () => vault.connect(user).withdraw(own, usd.target, 1, ZeroAddress)],
      ["LedgerUnknownCollateral", async () => vault.connect(user).withdraw(own, unlisted, 1, user!.address)],
      ["VaultNotOwner", async () => vault.claim(ZERO_ACCOUNT, usd.target, user!.address)],
      ["SettlementBadSignature", async () => settlement.settle(unsigned)],
      ["SettlementBadSignature", async () => settlement.settle(nobody)],
      ["SettlementZeroSize", async () => settlement.settle({ ...match, size: 0n })],
      ["AuctionNoPosition", async () => auction.start(ZERO_ACCOUNT, 1)],
      ["AuctionNoPosition", async () => auction.start(own, 0)],
      ["LedgerNoShortfall", async () => ledger.coverShortfall(ZERO_ACCOUNT)],
      ["LedgerNotSettled", async () => ledger.settleExpiry(ZERO_ACCOUNT, 0)],
      ["LedgerNothingToAccrue", async () => ledger.accrueFunding(0)],
      ["FundZeroAddress", async () => fund.release(ZERO_ACCOUNT, 0)],
    ]);
  });

  it("what nobody wrote is nothing: the defaults of every mapping are valid nowhere", async () => {
    const { vault, ledger, settlement, auction, instruments, oracle, keeperRegistry, guard, registry } = system;
    for (const word of [ZeroHash, `0x${"5a".repeat(32)}`]) {
      const address = dataSlice(word, 12);
      const id = BigInt(dataSlice(word, 30));
      const number = BigInt(dataSlice(word, 27));
      const listed = [
        (await vault.assetOf(address)).isListed,
        (await keeperRegistry.keyOf(address)).isPausing,
        await guard.isJudged(number),
        (await instruments.payoffOf(id))[1],
      ];
      expect(listed).to.deep.equal([false, false, false, false]);
      const amounts = [
        await ledger.quoteOf(word),
        await ledger.collateralOf(word, address),
        await ledger.sizeOf(word, id),
        (await vault.claimOf(word, address)).owed,
        (await keeperRegistry.keeperOf(address)).status,
        (await keeperRegistry.stakeOf(address)).amount,
        (await settlement.laneOf(word, 0)).sequence,
        await auction.startedAtOf(word, id),
        (await instruments.instrumentOf(id)).kind,
        (await oracle.feedOf(id)).maxAge,
      ];
      expect(amounts).to.deep.equal(amounts.map(() => 0n));
      const refused = [
        [registry, registry.checkpointOf(number), "RegistryUnknownCheckpoint"],
        [oracle, oracle.price(id), "OracleUnknownFeed"],
        [system.margin, system.margin.markOf(id), "MarginUnlistedInstrument"],
      ] as const;
      for (const [contract, call, name] of refused) {
        await expect(call).to.be.revertedWithCustomError(contract as Lockstep["registry"], name);
      }
    }
  });
});
