import { expect } from "chai";
import { ContractFactory, JsonRpcProvider, type ContractTransactionResponse, type InterfaceAbi } from "ethers";
import { artifacts, network } from "hardhat";

import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import { RoundingHarness__factory, type RoundingHarness } from "../../../types/ethers-contracts/index.ts";
import {
  CALL,
  deployBareLedger,
  PUT,
  STRIKE,
  termsOf,
  tradeInput,
  type BareLedger,
} from "../../fixtures/deployBareLedger.ts";
import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { changeTerms, ETH_PRICE, OrderBook, UNIT } from "../../helpers/orders.ts";
import { samples } from "../../helpers/samples.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const SEED = Number(process.env["LOCKSTEP_SEED"] ?? 20_260_418);
/** Operations of one call: some 6,000 gas each. */
const BATCH = 20_000;
const OPERATIONS = samples(1_000_000, BATCH);
const CALL_GAS = 1_000_000_000n;
const NO_KIND = 99;

/**
 * The kinds of `RoundingHarness`, in its order, and what the protocol keeps of one operation at most, 1e-18 quote: less
 * than one for each amount that is rounded. A share of a shortfall keeps the open interest in whole units on top.
 */
const KINDS = [
  { name: "funding of a long and a short", bound: 1n },
  { name: "funding of a long and two shorts, settled at different times", bound: 4n },
  { name: "fees of a trade in two parts and back", bound: 5n },
  { name: "expiry of a long and two shorts", bound: 2n },
  { name: "a position sold in two bids", bound: 1n },
  { name: "collateral sold in two bids", bound: 1n },
  { name: "a shortfall that two positions pay", bound: 2n },
  { name: "values of a long and two shorts", bound: 2n },
  { name: "requirements of two positions", bound: 3n },
  { name: "values of two balances of collateral", bound: 1n },
] as const;

/** What `RoundingHarness.run` found of one kind, in all calls together. */
interface Findings {
  readonly kind: string;
  readonly count: bigint;
  readonly uneven: bigint;
  readonly gained: bigint;
  readonly exceeded: bigint;
  readonly largest: bigint;
  /** Index of the first bad operation plus one; zero when there is none. */
  readonly firstBad: bigint;
}

async function run(harness: RoundingHarness, count: number, flipped = NO_KIND): Promise<Findings[]> {
  let findings: Findings[] = KINDS.map(({ name }) => {
    return { kind: name, count: 0n, uneven: 0n, gained: 0n, exceeded: 0n, largest: 0n, firstBad: 0n };
  });
  for (let first = 0; first < count; first += BATCH) {
    const size = Math.min(BATCH, count - first);
    const reports = await harness.run.staticCall(SEED, first, size, flipped, { gasLimit: CALL_GAS });
    findings = findings.map((sum, index) => {
      const report = reports[index]!;
      return {
        kind: sum.kind,
        count: sum.count + report.count,
        uneven: sum.uneven + report.uneven,
        gained: sum.gained + report.gained,
        exceeded: sum.exceeded + report.exceeded,
        largest: report.largest > sum.largest ? report.largest : sum.largest,
        firstBad: sum.firstBad === 0n ? report.firstBad : sum.firstBad,
      };
    });
  }
  return findings;
}

/** On Anvil, which does such calls several times as fast as the network inside Hardhat. */
describe(`F15: rounding of ${OPERATIONS.toLocaleString("en")} random operations (seed ${SEED})`, function () {
  this.timeout(300_000);
  let node: LocalNode;
  let provider: JsonRpcProvider;
  let harness: RoundingHarness;

  before(async () => {
    node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
    provider = new JsonRpcProvider(node.url, undefined, { staticNetwork: true });
    const signer = await provider.getSigner(0);
    const deploy = async (name: string, ...parameters: unknown[]): Promise<string> => {
      const { abi, bytecode } = await artifacts.readArtifact(name);
      const contract = await new ContractFactory(abi as InterfaceAbi, bytecode, signer).deploy(...parameters);
      return (await contract.waitForDeployment()).getAddress();
    };
    const token = await deploy("MockToken", "Dollar", "USD", 6);
    const modules = await deploy("LedgerHarness");
    const ledger = await deploy("PositionLedger", modules, modules, token, 2 ** 36);
    harness = RoundingHarness__factory.connect(await deploy("RoundingHarness", ledger), provider);
  });

  after(async () => {
    provider.destroy();
    await node.stop();
  });

  it("INV-22: gives the parties of no operation anything together, and keeps no more than stated", async () => {
    expect(await harness.KINDS()).to.equal(KINDS.length);
    const findings = await run(harness, OPERATIONS);
    for (const [index, { kind, uneven, ...found }] of findings.entries()) {
      // The bounds are not only kept but reached: they are as tight as can be.
      const expected = { gained: 0n, exceeded: 0n, firstBad: 0n, largest: KINDS[index]!.bound };
      expect(found, kind).to.deep.equal({ ...expected, count: BigInt(OPERATIONS / KINDS.length) });
      expect(Number(uneven), kind).to.be.greaterThan(OPERATIONS / KINDS.length / 3);
    }
  });

  for (const [flipped, { name }] of KINDS.entries()) {
    it(`catches an amount that is rounded the other way: ${name}`, async () => {
      const findings = await run(harness, BATCH, flipped);
      const gained = findings.filter((found) => found.gained > 0n).map(({ kind }) => kind);
      expect(gained).to.deep.equal([name]);
      expect(findings[flipped]!.firstBad).to.be.greaterThan(0n);
    });
  }
});

const connection = await network.create();
const { networkHelpers } = connection;

interface Bare extends BareLedger {
  readonly rounding: RoundingHarness;
}

async function deployBare(): Promise<Bare> {
  const bare = await deployBareLedger(connection);
  const rounding = await bare.ethers.deployContract("RoundingHarness", [bare.ledger.target]);
  return { ...bare, rounding };
}

/** Arguments of the events named `name` in a transaction. */
async function argumentsOf<Args>(
  { ledger }: Pick<Lockstep, "ledger"> | Bare,
  name: string,
  sent: Promise<ContractTransactionResponse>,
): Promise<Args[]> {
  const { logs } = (await (await sent).wait())!;
  const parsed = logs.map((log) => ledger.interface.parseLog(log)).filter((event) => event?.name === name);
  return parsed.map((event) => event!.args.toObject() as Args);
}

describe(`what is rounded in the ledger itself (seed ${SEED})`, () => {
  let bare: Bare;
  let random: SeededRandom;

  beforeEach(async () => {
    bare = await networkHelpers.loadFixture(deployBare);
    random = new SeededRandom(SEED);
  });

  for (const [name, instrument] of [
    ["call", CALL],
    ["put", PUT],
  ] as const) {
    it(`is in the harness: the expiry of a ${name}`, async () => {
      const { ledger, settlement, harness, rounding } = bare;
      const users = bare.users.slice(0, 9).map((user) => accountOf(user));
      for (const [index, buyer] of users.slice(1).entries()) {
        const seller = users[index]!;
        const size = random.uint(60) + 1n;
        await ledger.connect(settlement).trade(tradeInput({ buyer, seller, instrument, size, quote: 0n }));
      }
      const price = instrument === CALL ? STRIKE + random.uint(70) + 1n : STRIKE - random.uint(70) - 1n;
      await harness.settle(instrument, price);
      for (const account of users) {
        const size = await ledger.sizeOf(account, instrument);
        if (size === 0n) continue;
        const [entry] = await argumentsOf<{ quoteDelta: bigint }>(
          bare,
          "EntryPosted",
          ledger.settleExpiry(account, instrument),
        );
        expect(entry!.quoteDelta).to.equal(await rounding.expiryOf(instrument === CALL, price, STRIKE, size));
      }
      const { clearing } = await ledger.marketOf(instrument);
      expect(clearing >= 0n && clearing < BigInt(users.length)).to.equal(true);
    });
  }

  it("is in the harness: what a unit pays of a shortfall, and what stays uncovered", async () => {
    const { ledger, settlement, auction, rounding, harness } = bare;
    const [loser, winner, bidder] = bare.users.map((user) => accountOf(user)) as [string, string, string];
    const before = await networkHelpers.takeSnapshot();
    let capped = 0;
    for (let count = 0; count < 8; count += 1) {
      // Not so small that the index would leave its 96 bits, and stay.
      const size = 2n ** 40n + random.uint(62);
      const missing = 1n + random.uint(70);
      const wasLong = random.bool();
      // Every other time it bounds what a unit pays.
      const mark = count % 2 === 0 ? 2n ** 127n : 1n + random.uint(70);
      const [buyer, seller] = wasLong ? [loser, winner] : [winner, loser];
      await ledger.connect(settlement).trade(tradeInput({ buyer, seller, size, quote: 0n }));
      await ledger.connect(auction).liquidate(loser, bidder, 1, wasLong ? size : -size, -missing, UNIT);
      await harness.setPrice(1, mark, false);
      const [loss] = await argumentsOf<{ perUnit: bigint; indexAfter: bigint }>(
        bare,
        "LossSocialised",
        ledger.coverShortfall(loser),
      );
      const { maintenancePpm } = termsOf("perpetual");
      const [perUnit, uncovered] = await rounding.lossOf(missing, size, (mark * BigInt(maintenancePpm)) / 1_000_000n);
      expect(loss!.perUnit).to.equal(perUnit);
      expect(loss!.indexAfter).to.equal(wasLong ? -perUnit : perUnit);
      expect(await ledger.uncoveredOf(1)).to.equal(uncovered);
      capped += count % 2 === 1 && uncovered > 0n ? 1 : 0;
      await before.restore();
    }
    expect(capped).to.be.greaterThan(0);
  });
});

const DUST = {
  trades: 300,
  /** 1e-18 underlying. */
  largest: 1_000_000,
  makerFeePpm: 333,
  takerFeePpm: 777,
  /** 1e-6 underlying: so low that dust has weight in the premium, and pays funding. */
  maxOpenInterest: 1n,
} as const;

interface Scene extends Lockstep {
  readonly rounding: RoundingHarness;
}

async function deployDust(): Promise<Scene> {
  const month = 30 * 24 * 60 * 60;
  const { makerFeePpm, takerFeePpm } = DUST;
  const parameters = {
    makerFeePpm,
    takerFeePpm,
    staleLimitSeconds: month,
    viewTimeSeconds: month,
    softTimeSeconds: 2 * month,
  };
  const system = await deployLockstep(connection, { parameters });
  await changeTerms(system, 1, { maxOpenInterest: DUST.maxOpenInterest });
  for (const user of system.users.slice(0, 2)) await depositUsd(system, user, 1_000n * 10n ** 6n);
  const rounding = await system.ethers.deployContract("RoundingHarness", [system.ledger.target]);
  return { ...system, rounding };
}

/** An entry of the ledger, as far as the test of dust looks. */
interface Entry {
  readonly account: string;
  readonly quoteDelta: bigint;
  readonly fee: bigint;
  readonly funding: bigint;
  readonly quoteAfter: bigint;
}

describe(`${DUST.trades} trades of dust and back, with fees and funding (seed ${SEED})`, function () {
  this.timeout(180_000);
  let system: Scene;
  let orders: OrderBook;
  let random: SeededRandom;

  before(async () => {
    system = await networkHelpers.loadFixture(deployDust);
    orders = new OrderBook(system);
    random = new SeededRandom(SEED);
  });

  /** Trades `size` at a price within the band that is not round; the buyer is the maker, the seller is, or nobody. */
  async function trade(buyer: number, size: bigint): Promise<{ entries: readonly Entry[]; fees: bigint }> {
    const [users, seller] = [system.users, 1 - buyer];
    const price = ETH_PRICE - 50n * UNIT + (random.uint(66) % (100n * UNIT));
    const maker = random.below(3);
    const buy = { isPostOnly: maker === 0, limitPrice: price + (maker === 2 ? 1n : 0n) };
    const sell = { isPostOnly: maker === 1, limitPrice: price };
    const sent = orders.trade(users[buyer]!, users[seller]!, { size, buy, sell });
    const entries = await argumentsOf<Entry>(system, "EntryPosted", sent);
    const ppm = (side: number) => (maker === side ? DUST.makerFeePpm : DUST.takerFeePpm);
    const [quote, buyerFee] = await system.rounding.tradeOf(size, price, ppm(0));
    const [, sellerFee] = await system.rounding.tradeOf(size, price, ppm(1));
    expect(entries.map(({ quoteDelta, fee }) => [quoteDelta, fee])).to.deep.equal([
      [-quote, buyerFee],
      [quote, sellerFee],
    ]);
    return { entries, fees: buyerFee + sellerFee };
  }

  it("gains nobody anything: both quotes together fall by the fees, and by at most one of funding a trade", async () => {
    const { ledger, users } = system;
    const accounts = users.slice(0, 2).map((user) => accountOf(user));
    let [sum, fees, kept, funded] = [2_000n * UNIT, 0n, 0n, 0n];
    const step = async (buyer: number, size: bigint) => {
      const { entries, fees: taken } = await trade(buyer, size);
      const after = entries.reduce((total, { quoteAfter }) => total + quoteAfter, 0n);
      const rest = sum - after - taken;
      expect(rest === 0n || rest === 1n, `kept ${rest} beyond the fees`).to.equal(true);
      [sum, fees, kept] = [after, fees + taken, kept + rest];
      funded += entries[0]!.funding === 0n ? 0n : 1n;
    };
    for (let count = 0; count < DUST.trades; count += 1) {
      await networkHelpers.time.increase(random.below(900));
      await step(random.below(2), 1n + BigInt(random.below(random.bool() ? 100 : DUST.largest)));
    }
    const net = await ledger.sizeOf(accounts[0]!, 1);
    if (net !== 0n) await step(net < 0n ? 0 : 1, net < 0n ? -net : net);

    expect(await ledger.openCountOf(accounts[0]!)).to.equal(0);
    const quotes = await Promise.all(accounts.map((account) => ledger.quoteOf(account)));
    expect(2_000n * UNIT - quotes[0]! - quotes[1]!).to.equal(fees + kept);
    expect((await ledger.hotWord()).fees).to.equal(fees);
    expect((await ledger.marketOf(1)).clearing).to.equal(kept);
    // Otherwise the test would not have shown what it says.
    expect(fees > 0n && kept > 10n && funded > 30n, `${fees} ${kept} ${funded}`).to.equal(true);
  });
});
