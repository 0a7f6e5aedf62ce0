import { expect } from "chai";

import type { VerifiedReader } from "../../../../keeper/chain/read/VerifiedReader.ts";
import { encodeHeader } from "../../../../keeper/chain/verify/header.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { hexToBytes, type Address, type Hash } from "../../../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../../../keeper/lib/keccak.ts";
import type { BentProxy } from "./BentProxy.ts";
import { CONTRACT, EMPTY_SLOT, NOBODY, ReaderWorld, SLOT, VALUE, type TestSource } from "./ReaderWorld.ts";

/** Long deadlines, so that waiting for one is told from a busy machine. */
const PATIENT = { deadlineMs: 15_000 };
const SOON_MS = 7_000;
const PAYEE: Address = `0x${"e0".repeat(20)}`;

/** The fault of a read that has to fail. */
async function faultOf(read: Promise<unknown>): Promise<KeeperError> {
  try {
    await read;
  } catch (error: unknown) {
    if (error instanceof KeeperError) return error;
    throw error;
  }
  throw new Error("the read succeeded");
}

interface Said {
  readonly source: string;
  readonly fault?: string;
  readonly number?: number;
}

function saidBy(fault: KeeperError, source: string): Said | undefined {
  return (fault.payload["said"] as Said[]).find((said) => said.source === source);
}

describe("VerifiedReader", function () {
  this.timeout(60_000);
  let world: ReaderWorld;
  let one: BentProxy;
  let two: BentProxy;
  let three: BentProxy;

  before(async () => {
    world = await ReaderWorld.open();
  });

  beforeEach(async () => {
    [one, two, three] = await Promise.all([world.proxy(), world.proxy(), world.proxy()]);
  });

  afterEach(async () => {
    await world.reset();
  });

  after(async () => {
    await world.close();
  });

  function sources(...proxies: { readonly url: string }[]): TestSource[] {
    const names = ["one", "two", "three", "four", "five"];
    return proxies.map(({ url }, index) => ({ id: names[index]!, url }));
  }

  function readerOf(...proxies: BentProxy[]): VerifiedReader {
    return world.reader(sources(...(proxies.length === 0 ? [one, two, three] : proxies)));
  }

  describe("with honest sources", () => {
    it("agrees on the newest block", async () => {
      const { header, votes, operators } = await readerOf().head();
      expect(header.hash).to.equal((await world.block()).hash);
      expect(votes).to.be.at.least(2);
      expect(operators).to.have.length(votes);
    });

    it("proves accounts and words, and that there are none", async () => {
      const reader = readerOf();
      expect(await reader.storage(CONTRACT, SLOT)).to.equal(VALUE);
      expect(await reader.storage(CONTRACT, EMPTY_SLOT)).to.equal(0n);
      expect(await reader.storage(NOBODY, SLOT)).to.equal(0n);
      expect(await reader.account(NOBODY)).to.equal(null);
      expect(await reader.balance(NOBODY)).to.equal(0n);
      expect(await reader.nonce(NOBODY)).to.equal(0n);
      const account = await reader.account(CONTRACT);
      expect(account?.codeHash).to.equal(keccak256Hex(hexToBytes("0x600035600155")));
      await world.transact({ to: PAYEE, value: "0x7b" });
      expect(await reader.balance(PAYEE)).to.equal(123n);
      const [sender] = (await world.send("eth_accounts")) as [Address];
      expect(await reader.nonce(sender)).to.equal(
        BigInt((await world.send("eth_getTransactionCount", sender, "latest")) as Hash),
      );
      expect(world.liars).to.deep.equal([]);
    });

    it("proves several words of one account at once, with the block", async () => {
      const { words, header, votes } = await readerOf().prove({ address: CONTRACT, slots: [EMPTY_SLOT, SLOT] });
      expect(words).to.deep.equal([0n, VALUE]);
      expect(header.hash).to.equal((await world.block()).hash);
      expect(votes).to.be.at.least(2);
    });

    it("asks each source once for a read at the head", async () => {
      const reader = readerOf();
      await reader.storage(CONTRACT, SLOT);
      for (const proxy of [one, two, three]) {
        expect(proxy.calls.get("eth_getProof")).to.equal(1);
        // The other one is the poll of the source.
        expect(proxy.calls.get("eth_getBlockByNumber")).to.be.at.most(2);
      }
    });

    it("reads at an older block by number, by hash and by header", async () => {
      const reader = readerOf();
      const before = await world.block();
      await world.set(5n);
      for (const at of [before.number, before.hash, await reader.blockHeader(before.hash)]) {
        expect(await reader.storage(CONTRACT, SLOT, at)).to.equal(VALUE);
      }
      expect(await reader.storage(CONTRACT, SLOT)).to.equal(5n);
      await world.set(VALUE);
      expect((await reader.blockHeader(before.number)).hash).to.equal(before.hash);
    });

    it("says that there is no such block", async () => {
      const reader = readerOf();
      expect(await faultOf(reader.blockHeader(`0x${"77".repeat(32)}`))).to.include({ code: "BlockMissing" });
      expect(await faultOf(reader.blockHeader(1_000_000))).to.include({ code: "NoAgreement" });
    });

    it("reads by number where hash objects (EIP-1898) are refused", async () => {
      const bent = await Promise.all([world.proxy(), world.proxy()]);
      for (const proxy of bent) {
        proxy.refuse = ({ params }) => (typeof params[2] === "object" ? "invalid block tag" : undefined);
      }
      const reader = world.reader(sources(...bent));
      const { hash } = await world.block();
      expect(await reader.storage(CONTRACT, SLOT, hash)).to.equal(VALUE);
      expect(await reader.storage(CONTRACT, SLOT, hash)).to.equal(VALUE);
      expect(world.liars).to.deep.equal([]);
    });

    it("reads from sources that refuse batches", async () => {
      const bent = await Promise.all([world.proxy(), world.proxy()]);
      for (const proxy of bent) proxy.refusesBatches = true;
      const reader = world.reader(sources(...bent));
      expect(await reader.storage(CONTRACT, SLOT)).to.equal(VALUE);
      expect(await reader.storage(CONTRACT, SLOT, (await world.block()).hash)).to.equal(VALUE);
    });
  });

  describe("with liars", () => {
    /** Runs a read some times, so that everybody is asked first once. */
    async function expectTruth(reader: VerifiedReader): Promise<void> {
      for (let round = 0; round < 4; round += 1) {
        expect(await reader.storage(CONTRACT, SLOT)).to.equal(VALUE);
        expect(await reader.storage(CONTRACT, SLOT, (await reader.head()).header)).to.equal(VALUE);
      }
    }

    it("catches a false header under the true hash", async () => {
      lieAboutHeader(one, (block) => ({ ...block, stateRoot: `0x${"66".repeat(32)}` }));
      two.delayMs = 10;
      three.delayMs = 10;
      await expectTruth(readerOf());
      expect(world.liars).to.deep.equal(["one"]);
    });

    it("gives a header of its own no majority", async () => {
      const header = (await readerOf().head()).header;
      lieAboutHeader(one, (block) => {
        const forged = { ...block, number: `0x${(header.number + 1).toString(16)}`, parentHash: header.hash };
        return { ...forged, hash: encodeHeader(forged).hash };
      });
      const reader = readerOf();
      await expectTruth(reader);
      expect((await reader.head()).header.hash).to.equal(header.hash);
    });

    it("hangs no header on a block whose number does not precede it", async () => {
      const { header } = await readerOf().head();
      lieAboutHeader(one, (block) => {
        const forged = { ...block, number: `0x${(header.number + 2).toString(16)}`, parentHash: header.hash };
        return { ...forged, hash: encodeHeader(forged).hash };
      });
      three.wire = "hang";
      const fault = await faultOf(world.reader(sources(one, two, three), { deadlineMs: 300 }).head());
      expect(fault.code).to.equal("NoAgreement");
      expect(fault.payload["quorum"]).to.equal(2);
      expect(saidBy(fault, "one")?.number).to.equal(header.number + 2);
      expect(saidBy(fault, "two")?.number).to.equal(header.number);
      expect(saidBy(fault, "three")?.fault).to.equal("no answer yet");
    });

    it("does not look at a forged value beside a true proof", async () => {
      lieAboutProof(one, forgeValue);
      lieAboutProof(two, forgeValue);
      lieAboutProof(three, forgeValue);
      await expectTruth(readerOf());
    });

    it("reports who forges a proof, and asks the others first from then on", async () => {
      lieAboutProof(one, forgeProof);
      two.delayMs = 15;
      three.delayMs = 15;
      const reader = readerOf();
      const { hash } = (await reader.head()).header;
      expect(await reader.storage(CONTRACT, SLOT, hash)).to.equal(VALUE);
      expect(world.liars).to.deep.equal(["one"]);
      const asked = one.calls.get("eth_getProof");
      expect(await reader.storage(CONTRACT, SLOT, hash)).to.equal(VALUE);
      expect(one.calls.get("eth_getProof")).to.equal(asked);
      expect(world.liars).to.deep.equal(["one"]);
    });

    it("asks a liar last, whatever the others owe", async () => {
      lieAboutProof(one, forgeProof);
      two.delayMs = three.delayMs = 15;
      const reader = readerOf();
      const { hash } = (await reader.head()).header;
      expect(await reader.storage(CONTRACT, SLOT, hash)).to.equal(VALUE);
      one.bend = (_, result) => result;
      two.refuse = three.refuse = ({ method }) => (method === "eth_getProof" ? "not now" : undefined);
      expect(await reader.storage(CONTRACT, SLOT, hash)).to.equal(VALUE);
      two.refuse = three.refuse = () => undefined;
      const asked = one.calls.get("eth_getProof");
      expect(await reader.storage(CONTRACT, SLOT, hash)).to.equal(VALUE);
      expect(one.calls.get("eth_getProof")).to.equal(asked);
    });

    it("tries who sent a proof along that does not fit its own header", async () => {
      lieAboutProof(one, forgeProof);
      const caught = Promise.withResolvers<string>();
      const reader = world.reader(sources(one, two, three), { onLiar: caught.resolve });
      two.delayMs = 15;
      three.delayMs = 15;
      expect(await reader.storage(CONTRACT, SLOT)).to.equal(VALUE);
      expect(await caught.promise).to.equal("one");
    });

    it("is right with two of three forging values and proofs, since their headers are true", async () => {
      lieAboutProof(one, forgeValue);
      lieAboutProof(one, forgeProof);
      lieAboutProof(two, (answer) => ({ ...answer, accountProof: [], storageProof: [] }));
      three.delayMs = 20;
      await expectTruth(readerOf());
      expect(world.liars).to.include.members(["one", "two"]);
    });

    it("takes no proof of another slot, account or block", async () => {
      const change = (): Promise<unknown> => world.send("eth_getProof", CONTRACT, [EMPTY_SLOT], "latest");
      const other = await change();
      lieAboutProof(one, () => other);
      const absent = await world.send("eth_getProof", NOBODY, [SLOT], "latest");
      lieAboutProof(two, () => absent);
      await expectTruth(readerOf());
    });

    it("counts one operator behind three URLs once", async () => {
      const twin = await world.twin();
      await world.set(666n, twin.url);
      const liars = await Promise.all([0, 1, 2].map(() => world.proxy(twin.url)));
      const rich = liars.map(({ url }, index) => ({ id: `rich-${index}`, operator: "rich", url }));
      const poor = { id: "poor", url: one.url };
      expect(() => world.reader(rich)).to.throw(KeeperError, "1 operator");
      // What both have is the block before they part.
      expect(await world.reader([...rich, poor]).storage(CONTRACT, SLOT)).to.equal(VALUE);
      await world.mine(20, twin.url);
      expect(await faultOf(world.reader([...rich, poor]).storage(CONTRACT, SLOT))).to.include({ code: "NoAgreement" });
      const reader = world.reader([...rich, poor, { id: "other", url: two.url }]);
      expect(await reader.storage(CONTRACT, SLOT)).to.equal(VALUE);
    });

    it("never believes two twin liars of three who miss the pinned block", async () => {
      const twin = await world.twin();
      await world.set(666n, twin.url);
      await world.mine(2);
      const pin = await world.block();
      await world.mine(1);
      await world.mine(4, twin.url);
      const liars = await Promise.all([world.proxy(twin.url), world.proxy(twin.url)]);
      const trio = [...sources(...liars), { id: "honest", url: one.url }];
      const reader = world.reader(trio, { pin });
      for (const read of [reader.head(), reader.storage(CONTRACT, SLOT), reader.blockHeader(pin.number - 1)]) {
        const fault = await faultOf(read);
        expect(fault.code).to.equal("NoAgreement");
        expect((fault.payload["said"] as Said[]).some((said) => said.fault?.startsWith("its pinned block"))).to.equal(
          true,
        );
      }
      // Without the pin they are the majority: that is what it is for.
      expect(await world.reader(trio).storage(CONTRACT, SLOT)).to.equal(666n);
    });

    it("gives nobody a vote who serves another chain or genesis", async () => {
      const { hash } = await world.block(0);
      expect(
        await world.reader(sources(one, two), { chainId: 31_337, genesisHash: hash }).storage(CONTRACT, SLOT),
      ).to.equal(VALUE);
      const foreign = await faultOf(world.reader(sources(one, two), { chainId: 1 }).head());
      expect((foreign.payload["said"] as Said[]).map(({ fault }) => fault)).to.include("it serves chain 31337, not 1");
      const other = await faultOf(world.reader(sources(one, two), { genesisHash: `0x${"12".repeat(32)}` }).head());
      expect((other.payload["said"] as Said[]).map(({ fault }) => fault)).to.include(
        "its genesis 0 is another block (HeaderHashMismatch)",
      );
    });

    it("checks the chain again after a reconnect", async () => {
      const reader = world.reader(sources(one, two), { chainId: 31_337 });
      await reader.head();
      one.lie("eth_chainId", () => "0x1");
      await reader.head();
      reader.reconnected("one");
      expect(await faultOf(reader.head())).to.include({ code: "NoAgreement" });
    });

    it("refuses a block that only a minority has", async () => {
      const twin = await world.twin();
      await world.set(666n, twin.url);
      await world.mine(1);
      const { hash } = await world.block(undefined, twin.url);
      const reader = world.reader([...sources(one, two), { id: "liar", url: twin.url }]);
      expect(await faultOf(reader.storage(CONTRACT, SLOT, hash))).to.include({ code: "BlockNotCanonical" });
    });
  });

  describe("with sources that differ", () => {
    it("is at the newest block though the stale one answers first", async () => {
      one.staleBlocks = 3;
      const reader = readerOf();
      const { number } = await world.block();
      await reader.head();
      two.delayMs = 15;
      three.delayMs = 15;
      for (let round = 0; round < 3; round += 1) {
        expect((await reader.head()).header.number).to.equal(number);
        expect(await reader.storage(CONTRACT, SLOT)).to.equal(VALUE);
      }
    });

    it("waits a little for a quick source that has the newest block when an older one has its votes already", async () => {
      one.staleBlocks = 1;
      three.delayMs = 15;
      const reader = world.reader(sources(one, two, three), { ...PATIENT, hedgeMs: 2_500 });
      const { number } = await world.block();
      for (let round = 0; round < 3; round += 1) expect((await reader.head()).header.number).to.equal(number);
      three.wire = "hang";
      expect((await reader.head()).header.number).to.equal(number - 1);
      await until(() => three.cancelled > 0);
      // Nobody waits for it twice.
      const startedAtMs = performance.now();
      expect((await reader.head()).header.number).to.equal(number - 1);
      expect(performance.now() - startedAtMs).to.be.below(2_000);
    });

    for (const blocks of [1, 2, 7, 16]) {
      it(`links heads that are ${blocks} apart, and is at the older one`, async () => {
        one.staleBlocks = blocks;
        const { number } = await world.block();
        const { header, operators } = await readerOf(one, two).head();
        expect(header.number).to.equal(number - blocks);
        expect(operators).to.have.members(["one", "two"]);
      });
    }

    it("does not link heads that are further apart", async () => {
      one.staleBlocks = 17;
      const fault = await faultOf(readerOf(one, two).head());
      expect(fault.code).to.equal("NoAgreement");
      expect(two.calls.get("eth_getBlockByHash") ?? 0).to.equal(0);
    });

    it("goes back to where branches part", async () => {
      const twin = await world.twin();
      const { hash } = await world.block();
      await world.set(666n, twin.url);
      await world.mine(2, twin.url);
      await world.mine(2);
      const reader = world.reader([...sources(one), { id: "twin", url: twin.url }]);
      const { header, operators } = await reader.head();
      expect(header.hash).to.equal(hash);
      expect(operators).to.have.members(["one", "twin"]);
    });
  });

  describe("with sources that do not answer", () => {
    it("waits for nobody who hangs", async () => {
      one.wire = "hang";
      const reader = world.reader(sources(one, two, three), PATIENT);
      for (let round = 0; round < 3; round += 1) {
        const startedAtMs = performance.now();
        expect(await reader.storage(CONTRACT, SLOT)).to.equal(VALUE);
        expect(performance.now() - startedAtMs).to.be.below(SOON_MS);
      }
    });

    it("survives a slow drip, a broken answer and a dead port in one", async () => {
      const [drip, cut] = await Promise.all([world.proxy(), world.proxy()]);
      drip.wire = "drip";
      cut.wire = "cut";
      const others = [
        { id: "drip", url: drip.url },
        { id: "cut", url: cut.url },
      ];
      const reader = world.reader([...others, ...sources(one, two, three)]);
      expect(await reader.storage(CONTRACT, SLOT)).to.equal(VALUE);
      const fault = await faultOf(world.reader([...others, ...sources(one)], { deadlineMs: 300 }).head());
      expect(fault.code).to.equal("NoAgreement");
      expect(saidBy(fault, "cut")?.fault).to.equal("SourceClosed");
      expect(saidBy(fault, "drip")?.fault).to.be.oneOf(["no answer yet", "SourceTimeout"]);
    });

    it("says at once that too few can agree", async () => {
      const dead = { id: "dead", url: "http://127.0.0.1:1" };
      one.wire = "hang";
      const reader = world.reader([dead, { id: "dead-too", url: "http://127.0.0.1:2" }, ...sources(one)], PATIENT);
      const startedAtMs = performance.now();
      const fault = await faultOf(reader.storage(CONTRACT, SLOT));
      expect(performance.now() - startedAtMs).to.be.below(SOON_MS);
      expect(fault.code).to.equal("NoAgreement");
    });

    it("says that nobody proves", async () => {
      for (const proxy of [one, two, three]) {
        proxy.refuse = ({ method }) => (method === "eth_getProof" ? "no such method" : undefined);
      }
      const reader = readerOf();
      const fault = await faultOf(reader.storage(CONTRACT, SLOT));
      expect(fault.code).to.equal("NoProof");
      expect(saidBy(fault, "three")?.fault).to.equal("SourceRpcError");
      expect((await reader.head()).votes).to.be.at.least(2);
    });

    it("asks the next one when a proof is slow to come", async () => {
      const reader = world.reader(sources(one, two, three), PATIENT);
      const { header } = await reader.head();
      for (const proxy of [one, two]) proxy.hangs = ({ method }) => method === "eth_getProof";
      const startedAtMs = performance.now();
      expect(await reader.storage(CONTRACT, SLOT, header)).to.equal(VALUE);
      expect(performance.now() - startedAtMs).to.be.below(SOON_MS);
    });

    it("keeps its deadline when heads come and proofs hang", async () => {
      const bent = await Promise.all([world.proxy(), world.proxy()]);
      const reader = world.reader(sources(...bent), { deadlineMs: 400 });
      const { header } = await reader.head();
      for (const proxy of bent) proxy.wire = "hang";
      const startedAtMs = performance.now();
      expect(await faultOf(reader.storage(CONTRACT, SLOT, header))).to.include({ code: "NoProof" });
      expect(performance.now() - startedAtMs).to.be.within(350, SOON_MS);
    });

    it("cancels those who lost, and leaves no timer", async () => {
      const bent = await world.proxy();
      const reader = world.reader([...sources(one, two), { id: "hung", url: bent.url }], { deadlineMs: 60_000 });
      await reader.head();
      bent.wire = "hang";
      const before = bent.cancelled;
      const gone = until(() => bent.cancelled > before);
      expect(await reader.storage(CONTRACT, SLOT)).to.equal(VALUE);
      await gone;
      await reader.close();
      // The polls of the sources are gone as well.
      await until(() => bent.open === 0);
    });

    it("ends a read when it is closed, and refuses the next", async () => {
      for (const proxy of [one, two, three]) proxy.wire = "hang";
      const reader = readerOf();
      const read = faultOf(reader.storage(CONTRACT, SLOT));
      await reader.close();
      expect(await read).to.include({ code: "NoAgreement" });
      expect(await faultOf(reader.head())).to.include({ code: "ReaderClosed" });
    });
  });

  it("reads from one operator only where that is allowed", async () => {
    expect(() => readerOf(one)).to.throw(KeeperError, "nobody would contradict");
    const reader = world.reader(sources(one), { allowUnwitnessed: true });
    expect(await reader.storage(CONTRACT, SLOT)).to.equal(VALUE);
    expect((await reader.head()).votes).to.equal(1);
  });
});

type Fields = Record<string, unknown>;

function lieAboutHeader(proxy: BentProxy, change: (block: Fields) => Fields): void {
  proxy.lie("eth_getBlockByNumber", (block: Fields) => change(block));
}

function lieAboutProof(proxy: BentProxy, change: (answer: Fields) => unknown): void {
  proxy.lie("eth_getProof", (answer: Fields) => change(answer));
}

function forgeValue(answer: Fields): Fields {
  const [word] = answer["storageProof"] as Fields[];
  return { ...answer, balance: "0xffff", nonce: "0x9", storageProof: [{ ...word, value: "0x666" }] };
}

/** The last byte of the last node of the storage proof is another one. */
function forgeProof(answer: Fields): Fields {
  const [word] = answer["storageProof"] as [Fields & { proof: string[] }];
  const forged = word.proof.map((node, index) => {
    return index < word.proof.length - 1 ? node : `${node.slice(0, -2)}${node.endsWith("66") ? "67" : "66"}`;
  });
  return { ...answer, storageProof: [{ ...word, proof: forged }] };
}

/** Resolves when the condition holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1_000 && !holds(); attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(holds()).to.equal(true);
}
