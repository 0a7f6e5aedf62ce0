import { expect } from "chai";
import { Transaction } from "ethers";

import { Books } from "../../../keeper/books/Books.ts";
import { ROUND_BLOCKS } from "../../../keeper/domain/rounds.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Candidate } from "../../../keeper/chain/agree/Votes.ts";
import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { newBlock, type FetchedBlock } from "../../../keeper/loop/FetchedBlock.ts";
import { Judge } from "../../../keeper/loop/Judge.ts";
import type { RpcAnswer, RpcCall } from "../../../keeper/loop/ports.ts";
import { proofCalls, readBooks, readHeader, readOwnAccounts, readReceipts } from "../../../keeper/loop/requestBlock.ts";
import { SideBranches, type SideVerdict } from "../../../keeper/loop/SideBranches.ts";
import { toBookBlock } from "../../../keeper/loop/toBookBlock.ts";
import { contractInterface } from "../../../scripts/local/contractInterface.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { allowDeposits, depositAllowed } from "../../helpers/keeper/deposits.ts";
import { InventingRpc, readState, type KnownState } from "../../helpers/keeper/InventingRpc.ts";
import { readBlock, readHeadOf, type Head } from "../../../testing/Rpc.ts";
import type { KeeperKeys } from "../../../testing/createKeeper.ts";
import { Fork, type ForkNode } from "../../helpers/keeper/scenarioFork.ts";
import { atMost } from "../../../testing/lies.ts";
import { type StagedSource } from "../../../testing/StagedSource.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { World, wordsOf } from "../../helpers/keeper/World.ts";

const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);
const BURST = 8;
const REFILL_MS = 500;

const toText = (value: unknown): string =>
  JSON.stringify([value], (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));

describe("SideBranches", function () {
  this.timeout(60_000);
  const seed = chooseSeed(101);
  const random = new SeededRandom(seed);
  let world: World;
  /** From genesis to the block on which branches stand. */
  let trunk: FetchedBlock[];
  let restore: () => Promise<void>;

  before(async () => {
    world = await World.open();
    for (const user of world.system.users.slice(0, 3)) await allowDeposits(world.system, user);
    for (const user of world.system.users.slice(0, 2)) await depositAllowed(world.system, user, 1_000_000n);
    trunk = await fetchSince(0);
  });

  after(() => world.close());

  beforeEach(async () => {
    const snapshot = await world.send("evm_snapshot");
    restore = async () => {
      await world.send("evm_revert", snapshot);
    };
  });

  afterEach(() => restore());

  async function ask(calls: readonly RpcCall[]): Promise<RpcAnswer[]> {
    return Promise.all(
      calls.map(async ({ method, params }) => ({ ok: true, value: await world.send(method, ...params) })),
    );
  }

  /** A block with everything that a keeper verifies of it. */
  async function fetchBlock(number: number): Promise<FetchedBlock> {
    const { hash } = (await readBlock(world.rpc, number))!;
    const block = newBlock(hash, true, 0);
    const [answer] = await ask([{ method: "eth_getBlockByHash", params: [hash, false] }]);
    const header = readHeader(answer, hash);
    if (header.kind !== "ok") throw new Error(header.detail);
    block.header = header.value.header;
    const { transactions } = header.value;
    const receipts = await ask(transactions.map((one) => ({ method: "eth_getTransactionReceipt", params: [one] })));
    const facts = readReceipts(receipts, block.header, false);
    const proofs = await ask(proofCalls(hash, world.addresses, [world.pauser(0).address as Hash]));
    const books = readBooks(proofs.slice(0, BOOK_NAMES.length), block.header, world.addresses);
    const own = readOwnAccounts(proofs.slice(BOOK_NAMES.length), block.header, [world.pauser(0).address as Hash]);
    if (facts.kind !== "ok" || books.kind !== "ok" || own.kind !== "ok") throw new Error("the chain does not verify");
    return Object.assign(block, { facts: facts.value, proven: books.value, ...own.value });
  }

  async function fetchSince(above: number): Promise<FetchedBlock[]> {
    const head = Number(await world.send("eth_blockNumber"));
    const blocks: FetchedBlock[] = [];
    for (let number = above + 1; number <= head; number += 1) blocks.push(await fetchBlock(number));
    return blocks;
  }

  /** What is mined on the trunk in between, step by step, and is forgotten by the chain afterwards. */
  async function branch(...steps: (() => Promise<unknown>)[]): Promise<FetchedBlock[]> {
    const snapshot = await world.send("evm_snapshot");
    await world.send(
      "hardhat_setPrevRandao",
      `0x${random
        .below(2 ** 32)
        .toString(16)
        .padStart(64, "0")}`,
    );
    const blocks: FetchedBlock[] = [];
    for (const mine of steps) {
      await mine();
      // Before the next step: to tamper changes what is proven of the block before.
      blocks.push(...(await fetchSince(trunk.length + blocks.length)));
    }
    await world.send("evm_revert", snapshot);
    return blocks;
  }

  const traffic = (count: number) => async (): Promise<void> => {
    for (let step = 0; step < count; step += 1) {
      const user = world.system.users[random.below(3)]!;
      if (random.below(4) === 0) await world.mine();
      else await depositAllowed(world.system, user, 1n + BigInt(random.below(1_000)));
    }
  };
  const tampering = async (value = 1n + BigInt(random.below(9))): Promise<void> => {
    await world.tamper("PositionLedger", TAMPERED, value);
    await world.mine();
  };
  const healing = (): Promise<void> => tampering(0n);

  /** Books and judge at the end of the trunk and some blocks on it, and the branches beside them. */
  class Desk {
    readonly books: Books;
    readonly judge: Judge;
    readonly sides: SideBranches;
    readonly #line: FetchedBlock[] = [];

    constructor(blocks: readonly FetchedBlock[], ask?: ConstructorParameters<typeof Judge>[1]) {
      const { addresses, immutables } = world;
      this.books = new Books({ addresses, immutables });
      this.judge = new Judge(this.books, ask);
      this.sides = new SideBranches(this.books, this.judge);
      for (const block of [...trunk, ...blocks]) this.take(block);
    }

    take(block: FetchedBlock): void {
      this.judge.take(block, toBookBlock(block, this.books)!);
      this.#line.push(block);
      // What is in sync is said: from then on the contracts' code is known.
      if (this.judge.latched.length === 0) this.judge.verdict(block, "witnessed");
    }

    judgeAside(blocks: readonly FetchedBlock[], nowMs = 0, sources = ["c"]): SideVerdict | null {
      const { hash, header } = blocks.at(-1)!;
      const leaf: Candidate = { hash, number: header!.number, votes: 1, sources };
      return this.sides.judge(leaf, blocks[0]!.header!.parentHash, blocks, nowMs);
    }

    /** Takes the newest block back, as a reorg does. */
    undo(): void {
      const { hash } = this.#line.pop()!;
      expect(this.books.undo().hash).to.equal(hash);
      this.judge.forget(hash);
    }

    /** Everything that may be asked of books and judge, line by line. */
    state(): string[] {
      const { books, judge } = this;
      const tip = this.#line.at(-1)!;
      const short = (value: unknown): string => keccak256Hex(new TextEncoder().encode(toText(value)));
      return [
        `tip ${books.tip?.hash}`,
        `words ${short(wordsOf(books))}`,
        `roots ${short(books.roots())}`,
        `blocks ${short(books.blocksSince(null)?.map(({ hash }) => hash))}`,
        // Each of the newest blocks can still be taken back to the words and prices it had before.
        ...[1, 2, 3].map((depth) => {
          const words = BOOK_NAMES.map((name) => [...books.wordsBefore(name, depth)].map(toText).sort());
          return `${depth} before ${short([words, [...books.answersBefore(depth)]])}`;
        }),
        `latched ${judge.latched.map(({ cause, blockHash }) => `${cause} ${blockHash}`).join()}`,
        `own fault ${judge.hasOwnFault}`,
        ...this.#line.map(({ hash }) => `clean ${hash} ${short(judge.rootsOf(hash))}`),
        ...(["witnessed", "no"] as const).map((inSync) => `${inSync} ${toText(judge.verdict(tip, inSync))}`),
      ];
    }
  }

  it("finds a divergence that only the branch shows, in its own block", async () => {
    const followed = await branch(traffic(2));
    const side = await branch(traffic(1), () => tampering());
    const verdict = new Desk(followed).judgeAside(side);
    expect(verdict?.findings.map(({ cause, contract, blockHash }) => [cause, contract, blockHash])).to.deep.equal([
      ["unexplained-write", "PositionLedger", side.at(-1)!.hash],
    ]);
    expect(verdict?.tip).to.deep.include({ hash: side.at(-1)!.hash, number: side.at(-1)!.header!.number });
    expect(verdict?.fetched).to.equal(side.at(-1));
    expect(verdict?.sources).to.deep.equal(["c"]);
  });

  it("finds nothing against a branch that is in sync, nor against its ancestors", async () => {
    const desk = new Desk(await branch(traffic(3)));
    const side = await branch(traffic(4));
    for (let length = 1; length <= side.length; length += 1) {
      expect(desk.judgeAside(side.slice(0, length), length * REFILL_MS)).to.equal(null);
    }
  });

  it("finds what a later block of the branch healed", async () => {
    const desk = new Desk([]);
    const side = await branch(() => tampering(), healing, traffic(2));
    const verdict = desk.judgeAside(side);
    expect(verdict?.findings[0]?.blockHash).to.equal(side[0]!.hash);
    expect(verdict?.tip.hash).to.equal(side.at(-1)!.hash);
  });

  it("finds nothing against a branch beside a divergence", async () => {
    const desk = new Desk(await branch(() => tampering()));
    expect(desk.judge.latched).to.have.length(1);
    expect(desk.judgeAside(await branch(traffic(1)))).to.equal(null);
    expect(desk.judge.latched).to.have.length(1);
  });

  it("names what is new in the branch, and not what already stands below it", async () => {
    const timestamp = trunk.at(-1)!.header!.timestamp + 100;
    const ledgerWord = async (): Promise<void> => {
      await world.send("evm_setNextBlockTimestamp", timestamp);
      await world.send("hardhat_setPrevRandao", `0x${"0".repeat(63)}1`);
      await tampering(3n);
    };
    const oracleWord = async (): Promise<void> => {
      await world.tamper("PriceOracle", TAMPERED, 1n);
      await world.mine();
    };
    const [shared, ...followed] = await branch(ledgerWord, traffic(1));
    // The same block again, with another one on top of it.
    const sides = [await branch(ledgerWord, traffic(2)), await branch(ledgerWord, oracleWord)];
    const found = sides.map(([first, ...rest]) => {
      expect(first!.hash).to.equal(shared!.hash);
      return new Desk([shared!, ...followed]).judgeAside(rest)?.findings.map(({ contract }) => contract) ?? null;
    });
    expect(found).to.deep.equal([null, ["PriceOracle"]]);
  });

  it("leaves books and judge exactly as they were, whatever it judged (P3)", async () => {
    const followed = [await branch(traffic(3)), await branch(traffic(1)), await branch(() => tampering()), []];
    const sides = [
      await branch(traffic(1)),
      await branch(traffic(6)),
      await branch(() => tampering()),
      await branch(traffic(2), () => tampering(), traffic(2)),
    ];
    for (const blocks of followed) {
      const desk = new Desk(blocks);
      const before = desk.state();
      for (const [index, side] of sides.entries()) {
        const found = desk.judgeAside(side, index * REFILL_MS);
        expect(found !== null).to.equal(index >= 2);
        expect(desk.state()).to.deep.equal(before);
      }
      // As if nothing had been beside: the books go on, and each block can be taken back.
      const next = await branch(traffic(2));
      for (let undone = 0; undone < blocks.length; undone += 1) desk.undo();
      for (const block of next) desk.take(block);
      expect(desk.state()).to.deep.equal(new Desk(next).state());
    }
  });

  it("keeps a fault of its own on a branch to itself", async () => {
    const agrees = () => ({ agreesWithChain: true, detail: "it agrees" });
    const desk = new Desk([], agrees);
    const before = desk.state();
    expect(desk.judgeAside(await branch(() => tampering()))).to.equal(null);
    expect(desk.judge.hasOwnFault).to.equal(false);
    expect(desk.state()).to.deep.equal(before);
  });

  it("learns no code from a branch", async () => {
    const { addresses } = world;
    const other = await branch(async () => {
      await world.send("hardhat_setCode", addresses.PriceOracle, "0x60016001");
      await world.mine();
    });
    const desk = new Desk([]);
    const first = desk.judgeAside(other);
    expect(first?.findings.map(({ cause }) => cause)).to.deep.equal(["code-changed"]);
    for (const block of await branch(traffic(2))) desk.take(block);
    expect(desk.judge.latched).to.deep.equal([]);
  });

  it("judges a branch once, and a longer one again", async () => {
    const desk = new Desk([]);
    const side = await branch(traffic(3));
    const leafOf = ({ hash, header }: FetchedBlock): Candidate => {
      return { hash, number: header!.number, votes: 1, sources: ["c"] };
    };
    expect(side.map((block) => desk.sides.isOpen(leafOf(block)))).to.deep.equal([true, true, true]);
    desk.judgeAside(side.slice(0, 2));
    expect(side.map((block) => desk.sides.isOpen(leafOf(block)))).to.deep.equal([true, false, true]);
  });

  it("judges so many branches of the same sources at once and a second, and those of others besides", async () => {
    const desk = new Desk([]);
    const side = await branch(() => tampering());
    const isJudged = (nowMs: number, sources: string[]) => desk.judgeAside(side, nowMs, sources) !== null;
    const judged = (nowMs: number, sources: string[], times: number) =>
      Array.from({ length: times }, () => isJudged(nowMs, sources)).filter(Boolean).length;
    expect(judged(1_000, ["c"], 20)).to.equal(BURST);
    expect(judged(1_000, ["d"], 20)).to.equal(BURST);
    expect(judged(1_000, ["c", "d"], 20)).to.equal(BURST);
    expect(isJudged(1_000 + REFILL_MS - 1, ["c"])).to.equal(false);
    expect([isJudged(1_000 + REFILL_MS, ["c"]), isJudged(1_000 + REFILL_MS, ["c"])]).to.deep.equal([true, false]);
    expect(judged(1_000_000, ["c"], 20)).to.equal(BURST);
  });

  it("keeps a branch open for which there is no budget now", async () => {
    const desk = new Desk([]);
    const side = await branch(() => tampering());
    for (let count = 0; count < BURST; count += 1) desk.judgeAside(side, 0);
    const other = await branch(() => tampering());
    const leaf: Candidate = { hash: other[0]!.hash, number: other[0]!.header!.number, votes: 1, sources: ["c"] };
    expect([desk.judgeAside(other, 0), desk.sides.isOpen(leaf)]).to.deep.equal([null, true]);
    expect(desk.judgeAside(other, REFILL_MS)).to.not.equal(null);
    expect(desk.sides.isOpen(leaf)).to.equal(false);
  });
});

/** Time in which a block on top of the head finds its votes. */
const VOTES_PATIENCE_MS = 50;

/** What a broadcast pause says. */
interface SentPause {
  readonly purpose: string;
  readonly raw: Hex;
  readonly hash: Hash;
  readonly incidentId: Hash;
  readonly blockHash: Hash;
}

const GUARD = contractInterface("SyncGuard");
const DEGRADED = 3n;

function pausesOf(driver: InProcessKeeper): SentPause[] {
  return driver.all("broadcast").flatMap(({ purpose, raw, hash }) => {
    if (purpose !== "soft-pause" && purpose !== "side-pause") return [];
    const [incidentId, , , blockHash] = GUARD.decodeFunctionData("softPause", Transaction.from(raw).data);
    return [{ purpose, raw, hash, incidentId: incidentId as Hash, blockHash: blockHash as Hash }];
  });
}

const kindsOf = (driver: InProcessKeeper): string[] => [...new Set(driver.reports.map(({ verdict }) => verdict.kind))];

describe("One honest source among three (P2)", function () {
  this.timeout(60_000);
  let fork: Fork;
  let driver: InProcessKeeper;
  let lines: Record<"one" | "two" | "honest", StagedSource>;
  let parted: Head;

  beforeEach(async () => {
    fork = await Fork.open(17);
    await fork.twin.send("evm_setAutomine", false);
    lines = fork.lines("one", "two", "honest");
    driver = await fork.keeper(lines, { broadcast: ({ raw }) => send(raw) });
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    parted = await fork.here.head();
  });

  afterEach(() => fork.close());

  /** To every node, as a service does. */
  async function send(raw: Hex): Promise<void> {
    for (const node of [fork.here, ...fork.twins]) {
      await node.send("eth_sendRawTransaction", raw).catch(() => undefined);
    }
  }

  async function statusOn(node: ForkNode, hash: Hash): Promise<number | null> {
    const receipt = (await node.send("eth_getTransactionReceipt", hash)) as { readonly status: Hex } | null;
    return receipt === null ? null : Number(receipt.status);
  }

  const hear = async (...sources: (keyof typeof lines)[]): Promise<void> => {
    for (const source of sources) await driver.hear(source, await readHeadOf(lines[source]));
  };

  /** The true chain diverges; the colluding two go elsewhere with a branch on which nothing is wrong. */
  async function collude(): Promise<Head> {
    await fork.twin.part(1);
    lines.one.rpc = lines.two.rpc = fork.twin.rpc;
    await fork.tamper(fork.here);
    return fork.here.head();
  }

  /** A pause for the true block was sent at once, and holds on the true chain alone. */
  async function expectPaused(divergent: Head, purpose: string, sentAtMs: number): Promise<SentPause> {
    const sent = pausesOf(driver).find(({ blockHash }) => blockHash === divergent.hash);
    expect(sent, "a pause that names the divergent block").to.deep.include({ purpose });
    expect(driver.nowMs).to.equal(sentAtMs);
    await fork.here.mine();
    expect(await statusOn(fork.here, sent!.hash)).to.equal(1);
    expect(await fork.truth.flags()).to.equal(DEGRADED);
    return sent!;
  }

  it("is enough for a pause that the true chain takes, although the other two are followed elsewhere", async () => {
    const divergent = await collude();
    const atMs = driver.nowMs;
    await hear("one", "two", "honest");
    const followed = await fork.twin.head();
    expect(driver.keeper.books.tip?.hash).to.equal(followed.hash);
    const sent = await expectPaused(divergent, "side-pause", atMs);

    // On their branch it is refused: the block that it names is none of theirs.
    await fork.twin.mine();
    expect(await statusOn(fork.twin, sent.hash)).to.equal(0);
    // Nothing that is said of the followed branch changes, and its books are what they were.
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    expect([driver.incident, driver.keeper.judge.latched]).to.deep.equal([undefined, []]);

    // Back on the truth it is the same incident, contained, and nothing has a second effect.
    lines.one.rpc = lines.two.rpc = fork.here.rpc;
    await driver.follow();
    expect(driver.keeper.books.tip?.hash).to.equal((await fork.here.head()).hash);
    expect(driver.incident).to.include({ id: sent.incidentId, state: "contained" });
    await fork.here.mine();
    const sentOnce = new Map(pausesOf(driver).map((pause) => [pause.hash, pause]));
    const statuses = await Promise.all([...sentOnce.keys()].map((hash) => statusOn(fork.here, hash)));
    expect(statuses.filter((status) => status === 1)).to.deep.equal([1]);
    expect(new Set([...sentOnce.values()].map(({ incidentId }) => incidentId))).to.deep.equal(
      new Set([sent.incidentId]),
    );
  });

  it("is enough when it is heard first, and is outvoted then", async () => {
    const divergent = await collude();
    const atMs = driver.nowMs;
    await hear("honest");
    await hear("one", "two");
    expect(driver.keeper.books.tip?.hash).to.equal((await fork.twin.head()).hash);
    await expectPaused(divergent, "side-pause", atMs);
  });

  it("P2: is enough against two that stay behind and say nothing of the block, half the promised time later", async () => {
    for (const line of [lines.one, lines.two]) line.lie = atMost(parted.number);
    await fork.tamper(fork.here);
    const divergent = await fork.here.head();
    const atMs = driver.nowMs;
    await hear("one", "two", "honest");
    await driver.tick(VOTES_PATIENCE_MS);
    await expectPaused(divergent, "side-pause", atMs + VOTES_PATIENCE_MS);
    // What is said is what k operators serve, until they have stood still for long.
    expect(driver.verdict.kind).to.equal("InSync");
    await driver.tick(3_000);
    expect(driver.verdict.kind).to.equal("Diverged");
  });

  it("is enough for a divergence some blocks up its branch, which a later one healed", async () => {
    await fork.twin.part(4);
    lines.one.rpc = lines.two.rpc = fork.twin.rpc;
    await hear("one", "two");
    await fork.here.mine();
    await hear("honest");
    expect(pausesOf(driver)).to.deep.equal([]);
    await fork.tamper(fork.here);
    const divergent = await fork.here.head();
    await hear("honest");
    await fork.tamper(fork.here, 0n);
    await hear("honest");
    const named = pausesOf(driver).map(({ blockHash }) => blockHash);
    expect(named[0]).to.equal(divergent.hash);
    expect(new Set(pausesOf(driver).map(({ incidentId }) => incidentId)).size).to.equal(1);
    await fork.here.mine();
    expect(await fork.truth.flags()).to.equal(DEGRADED);
  });
});

describe("One liar among three that invents divergent branches", function () {
  this.timeout(60_000);
  const MAX_SIDE_PAUSES = 4;
  let world: World;
  let liar: InventingRpc;
  let driver: InProcessKeeper;
  let divergent: KnownState;
  let restore: () => Promise<void>;

  before(async () => {
    world = await World.open({ keeperCount: 1 });
    // The state of a block that was never kept: all that the liar serves can be proven.
    const snapshot = await world.send("evm_snapshot");
    await world.tamper("PositionLedger", TAMPERED, 5n);
    await world.mine();
    divergent = await stateNow();
    await world.send("evm_revert", snapshot);
    await world.mine();
  });

  after(() => world.close());

  beforeEach(async () => {
    const snapshot = await world.send("evm_snapshot");
    restore = async () => {
      await world.send("evm_revert", snapshot);
    };
    liar = new InventingRpc(world.rpc);
  });

  afterEach(() => restore());

  const stateNow = (): Promise<KnownState> => {
    const own = Object.values(world.keysOf(0)).map(({ address }) => address);
    return readState(world.rpc, [...Object.values(world.addresses), ...own]);
  };

  async function start(keys: KeeperKeys): Promise<void> {
    driver = world.keeper({
      rpcs: { a: world.rpc, b: world.rpc, liar },
      keys,
      policy: { checkpointIntervalSeconds: 2 },
      broadcast: ({ raw }) => send(raw),
    });
    await hear("a", "b", "liar");
    await settle();
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
  }

  /** Nothing is signed before the first round that begins after the start. */
  async function startSigning(): Promise<void> {
    await start(world.keysOf(0));
    for (let block = 0; block < ROUND_BLOCKS && checkpoints() === 0; block += 1) {
      await world.mine();
      await settle();
    }
    expect(checkpoints()).to.be.greaterThan(0);
  }

  /** One block for each transaction, as Hardhat mines them. */
  async function send(raw: Hex): Promise<void> {
    await world.send("eth_sendRawTransaction", raw).catch(() => undefined);
  }

  async function hear(...sources: string[]): Promise<void> {
    const head = await readHeadOf(world.rpc);
    for (const source of sources) await driver.hear(source, head);
  }

  /** The honest two announce what the keeper's own transactions made. */
  async function settle(): Promise<void> {
    for (let last: Hash | undefined; last !== driver.keeper.books.tip?.hash;) {
      last = driver.keeper.books.tip?.hash;
      await hear("a", "b");
    }
  }

  /** Pauses of the protocol, and reports that it diverges, of which there must be none that count. */
  async function expectNoPause(): Promise<void> {
    expect(await world.flags()).to.equal(0n);
    expect(driver.incident?.state ?? "orphaned").to.equal("orphaned");
  }

  const checkpoints = (): number => driver.all("checkpoint").length;
  const sidePauses = (): number => pausesOf(driver).filter(({ purpose }) => purpose === "side-pause").length;

  it("beside the head keeps nobody from being in sync and signing, and gets four pauses that are refused", async () => {
    await startSigning();
    let base = await readHeadOf(world.rpc);
    for (let round = 0; round < 12; round += 1) {
      await world.mine();
      await settle();
      const head = await readHeadOf(world.rpc);
      await driver.hear("liar", liar.invent(base, divergent));
      expect(driver.keeper.books.tip?.hash).to.equal(head.hash);
      await settle();
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
      expect(driver.reports.at(-1)?.hash).to.equal((await readHeadOf(world.rpc)).hash);
      base = head;
      await driver.tick(600);
    }
    expect(kindsOf(driver)).to.deep.equal(["InSync"]);
    expect(sidePauses()).to.equal(MAX_SIDE_PAUSES);
    expect(checkpoints()).to.be.at.least(4);
    expect([driver.all("rolled-back"), driver.all("incident")]).to.deep.equal([[], []]);
    expect(driver.all("alert").filter(({ event }) => event === "side-branch-diverged").length).to.be.at.least(10);
    await expectNoPause();
  });

  it("on top of the head is judged aside only, and gets no more than four pauses", async () => {
    await startSigning();
    for (let round = 0; round < 6; round += 1) {
      await driver.hear("liar", liar.invent(await readHeadOf(world.rpc), divergent));
      await driver.tick(VOTES_PATIENCE_MS);
      await world.mine();
      await settle();
      expect(driver.keeper.books.tip?.hash).to.equal((await readHeadOf(world.rpc)).hash);
      expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    }
    expect(kindsOf(driver)).to.deep.equal(["InSync"]);
    expect([driver.all("rolled-back"), driver.all("incident")]).to.deep.equal([[], []]);
    expect(sidePauses()).to.equal(MAX_SIDE_PAUSES);
    expect(checkpoints()).to.be.at.least(4);
    await expectNoPause();
  });

  it("is followed only while k operators are not heard; nothing is in sync then, nor signed, nor left of it later", async () => {
    await start(world.keysOf(0));
    const signed = checkpoints();
    const trusted = await readHeadOf(world.rpc);
    for (const source of ["a", "b"]) {
      await driver.deliver({ type: "source-down", source, reason: "cut off", nowMs: driver.nowMs });
    }
    await driver.hear("liar", liar.invent(trusted, divergent));
    expect(driver.keeper.books.tip?.hash).to.equal(trusted.hash);
    await driver.tick(1_000);
    expect(driver.verdict.kind).to.equal("Diverged");
    await world.mine();
    await settle();
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    expect(checkpoints()).to.be.at.least(signed);
    await expectNoPause();
  });

  it("gets nothing judged on a block that a reorg has just taken from the books (P3)", async () => {
    await start({ pause: world.pauser(0) });
    const sound = await stateNow();
    const replace = await world.fork();
    await world.mine();
    await hear("a", "b");
    const base = await readHeadOf(world.rpc);
    await world.mine();
    await hear("a", "b");
    const { hash: tip } = await readHeadOf(world.rpc);
    // So many branches at once that the last of them waits for its turn, and each loses a tie.
    for (let count = 0; count < 9; count += 1) {
      let invented = liar.invent(base, sound);
      while (invented.hash < tip) invented = liar.invent(base, sound);
      await driver.hear("liar", invented);
    }
    await replace();
    await hear("a");
    expect(driver.keeper.books.tip?.hash).to.equal(tip);
    driver.nowMs += 600;
    await hear("b");
    expect(driver.keeper.books.tip?.hash).to.equal((await readHeadOf(world.rpc)).hash);
    await driver.tick(1_000);
    expect(driver.all("alert").filter(({ event }) => event === "side-branch-diverged")).to.deep.equal([]);
    expect([pausesOf(driver), kindsOf(driver)]).to.deep.equal([[], ["InSync"]]);
    await expectNoPause();
  });
});
