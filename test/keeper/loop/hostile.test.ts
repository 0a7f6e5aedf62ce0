import { expect } from "chai";
import { Transaction } from "ethers";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Source } from "../../../keeper/chain/sources/Source.ts";
import type { Deployment } from "../../../keeper/config/deployment.ts";
import { selectorOf } from "../../../keeper/actions/plan/abi.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { keccak256, keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { encodeRlp } from "../../../keeper/lib/rlp.ts";
import { readContracts } from "../../../keeper/readContracts.ts";
import type { View } from "../../../keeper/views/View.ts";
import { CAUSES } from "../../helpers/guard.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { forge, ForgingRpc, lyingRpc, type BlockJson, type Lie } from "../../../testing/lies.ts";
import { readHeadOf, type Head, type Rpc } from "../../../testing/Rpc.ts";
import { World } from "../../helpers/keeper/World.ts";

const ACCOUNT: Hash = `0x${"ab".repeat(32)}`;
const TAMPERED = ledger.accounts.slot(ACCOUNT);
const EMPTY_TRIE: Hash = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
const ABSURD = 10 ** 12;
const DEGRADED = 3n;

const failing: Lie = () => {
  throw new Error("timeout");
};

/** Changes the answer to one method. */
function inAnswersTo(method: string, change: (answer: Record<string, unknown>) => unknown): Lie {
  return async (asked, params, ask) => {
    const answer = await ask(asked, params);
    return asked === method ? change(answer as Record<string, unknown>) : answer;
  };
}

function liarsOf(driver: InProcessKeeper): string[] {
  return [...new Set(driver.all("quarantine").map(({ source }) => source))];
}

function kindsOf(driver: InProcessKeeper): string[] {
  return [...new Set(driver.reports.map(({ verdict }) => verdict.kind))];
}

function alertsOf(driver: InProcessKeeper, event: string): number {
  return driver.all("alert").filter((alert) => alert.event === event).length;
}

describe("Keeper and hostile sources", function () {
  this.timeout(30_000);
  let world: World;
  let honest: Rpc;
  let replace: () => Promise<unknown>;

  before(async () => {
    world = await World.open({ keeperCount: 1 });
    honest = world.rpc;
  });

  after(() => world.close());

  beforeEach(async () => {
    replace = await world.fork();
  });

  afterEach(async () => {
    // Some take nothing forward that could be taken back.
    await world.mine();
    await replace();
  });

  const lying = (lie: Lie): Rpc => lyingRpc(world.rpc, lie);
  const readHead = (): Promise<Head> => readHeadOf(world.rpc);

  async function tamper(): Promise<void> {
    await world.tamper("PositionLedger", TAMPERED, 5n);
    await world.mine();
  }

  async function hearAll(driver: InProcessKeeper, sources: readonly string[], head: Head): Promise<void> {
    for (const source of sources) await driver.hear(source, head);
  }

  async function wait(driver: InProcessKeeper, times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) await driver.tick(300);
  }

  async function expectJudged(driver: InProcessKeeper, kind: string): Promise<void> {
    expect(driver.reports.at(-1)).to.deep.include({ number: (await readHead()).number });
    expect(driver.verdict.kind).to.equal(kind);
  }

  /** The divergence was pursued to its proven effect on the chain. */
  async function expectContained(driver: InProcessKeeper): Promise<void> {
    expect(driver.incident?.state).to.equal("contained");
    expect(await world.flags()).to.equal(DEGRADED);
  }

  it("judges by the other sources' proofs when the first can prove nothing", async () => {
    const a = lying((method, params, ask) =>
      method === "eth_getProof" ? failing(method, params, ask) : ask(method, params),
    );
    const driver = world.keeper({ rpcs: { a, b: honest, c: honest } });
    for (const source of ["a", "b", "c"]) await driver.deliver({ type: "source-up", source, nowMs: driver.nowMs });
    await driver.follow();
    await expectJudged(driver, "InSync");
    await tamper();
    await driver.follow();
    await expectJudged(driver, "Diverged");
    await expectContained(driver);
    expect(driver.all("unknown")).to.deep.equal([]);
  });

  it("quarantines only the source that empties a block of its transactions, and judges the block", async () => {
    let isLying = false;
    const emptied = inAnswersTo("eth_getBlockByHash", (block) => (isLying ? { ...block, transactions: [] } : block));
    const driver = world.keeper({ rpcs: { a: lying(emptied), b: honest, c: honest } });
    await driver.follow();
    await expectJudged(driver, "InSync");
    isLying = true;
    await world.tamper("PositionLedger", TAMPERED, 5n);
    await world.system.usd.approve(world.addresses.CollateralVault, 1n);
    await driver.follow();
    await wait(driver, 2);
    await driver.follow();
    expect(liarsOf(driver)).to.deep.equal(["a"]);
    await expectJudged(driver, "Diverged");
    await expectContained(driver);
  });

  for (const [name, lie] of [
    ["claims another nonce", inAnswersTo("eth_getTransactionCount", () => "0xffffff")],
    [
      "claims another nonce beside its proof",
      inAnswersTo("eth_getProof", (proof) => ({ ...proof, nonce: "0xffffff" })),
    ],
    ["knows no nonce", inAnswersTo("eth_getTransactionCount", failing as () => unknown)],
  ] as const) {
    it(`pauses with the chain's nonce when the first source ${name}`, async () => {
      const driver = world.keeper({ rpcs: { a: lying(lie), b: honest, c: honest } });
      await driver.follow();
      const nonce = Number(await world.send("eth_getTransactionCount", world.pauser(0).address, "latest"));
      await tamper();
      await driver.follow();
      expect(driver.all("broadcast").map(({ raw }) => Transaction.from(raw).nonce)).to.deep.equal([nonce]);
      await expectContained(driver);
    });
  }

  for (const kind of ["Diverged", "InSync"] as const) {
    it(`says ${kind} of each block although a source announces a child of it that it never completes`, async () => {
      const liar = new ForgingRpc(world.rpc);
      const driver = world.keeper({ rpcs: { a: honest, b: honest, liar } });
      await hearAll(driver, ["a", "b"], await readHead());
      if (kind === "Diverged") await tamper();
      else await world.mine();
      for (let block = 0; block < 4; block += 1) {
        const head = await readHead();
        await driver.hear("liar", await liar.forgeChild(head.hash, head.number + 1));
        await hearAll(driver, ["a", "b"], head);
        await driver.tick(150);
        expect(driver.reports.at(-1)).to.deep.include({ number: head.number, hash: head.hash });
        expect(driver.verdict.kind).to.equal(kind);
        await world.mine();
      }
      if (kind === "Diverged") {
        expect(driver.all("broadcast")).to.have.length(1);
        await expectContained(driver);
      } else expect(driver.all("incident")).to.deep.equal([]);
    });
  }

  it("quarantines a source that announces a real block under a higher number, and judges that block", async () => {
    let isDown = false;
    const liar = lying((method, params, ask) => (isDown ? failing(method, params, ask) : ask(method, params)));
    const driver = world.keeper({ rpcs: { liar, a: honest, b: honest } });
    await driver.follow();
    isDown = true;
    await tamper();
    const head = await readHead();
    await driver.hear("liar", { number: head.number + 1_000, hash: head.hash });
    await hearAll(driver, ["a", "b"], head);
    await driver.tick(150);
    expect(liarsOf(driver)).to.deep.equal(["liar"]);
    expect(driver.reports.at(-1)).to.deep.include({ number: head.number, hash: head.hash });
    expect(driver.verdict.kind).to.equal("Diverged");
  });

  it("takes nothing back for a forged head whose header has a low number, and quarantines its source", async () => {
    const liar = new ForgingRpc(world.rpc);
    const driver = world.keeper({ rpcs: { a: honest, b: honest, liar } });
    const first = await readHead();
    await hearAll(driver, ["a", "b"], first);
    const { hash } = await liar.forgeChild(first.hash, 1);
    await driver.hear("liar", { number: ABSURD, hash });
    expect(liarsOf(driver)).to.deep.equal(["liar"]);
    await world.mine();
    for (const source of ["a", "b"]) {
      await driver.hear(source, await readHead());
      await driver.tick(150);
    }
    expect(driver.all("rolled-back")).to.deep.equal([]);
    expect(kindsOf(driver)).to.deep.equal(["InSync"]);
    await expectJudged(driver, "InSync");
  });

  it("judges the tampered block although a source announces an absurdly high head that nobody serves", async () => {
    const driver = world.keeper({ rpcs: { a: honest, liar: lying(failing), c: lying(failing) } });
    await driver.hear("a", await readHead());
    await driver.hear("liar", { number: ABSURD, hash: `0x${"99".repeat(32)}` });
    await tamper();
    const head = await readHead();
    await driver.hear("a", head);
    // Nobody else is heard: then it alone is followed, after a second.
    await driver.tick(1_000);
    const judged = driver.reports.find(({ hash }) => hash === head.hash);
    expect(judged?.verdict.kind).to.equal("Diverged");
    await driver.hear("a", await readHead());
    await expectContained(driver);
  });

  for (const [name, transactions] of [
    ["null for a transaction", [null]],
    ["a sender that is no address", [{ from: `0x${"zz".repeat(20)}`, input: "0x" }]],
  ] as const) {
    it(`survives a source whose block has ${name}`, async () => {
      const hostile: Lie = async (method, params, ask) => {
        const answer = await ask(method, params);
        const isFull = method === "eth_getBlockByHash" && params[1] === true;
        return isFull ? { ...(answer as BlockJson), transactions } : answer;
      };
      const driver = world.keeper({ rpcs: { a: lying(hostile), b: honest, c: honest } });
      await driver.follow();
      await tamper();
      await driver.follow();
      await wait(driver, 2);
      const isAsked = driver.all("request").some(({ source, calls }) => {
        return (
          source === "a" && calls.some(({ method, params }) => method === "eth_getBlockByHash" && params[1] === true)
        );
      });
      expect(isAsked).to.equal(true);
      expect(driver.verdict.kind).to.equal("Diverged");
      await expectContained(driver);
    });
  }

  it("learns no contract's code from a block of nobody's chain", async () => {
    const codeHash = new Uint8Array(32).fill(9);
    const account = encodeRlp([new Uint8Array(0), new Uint8Array(0), hexToBytes(EMPTY_TRIE), codeHash]);
    const path = keccak256(hexToBytes(world.addresses.PositionLedger));
    const leaf = encodeRlp([new Uint8Array([0x20, ...path]), account]);
    const real = (await world.send("eth_getBlockByNumber", "latest", false)) as BlockJson;
    const number = "0x1";
    const forged = forge(real, { number, stateRoot: keccak256Hex(leaf), receiptsRoot: EMPTY_TRIE, transactions: [] });
    const liar = lying((method, params, ask) => {
      if (method === "eth_getBlockByHash" && params[0] === forged.hash) return forged;
      const asked = (params[2] as { readonly blockHash?: Hash } | undefined)?.blockHash;
      if (asked === forged.hash) return { accountProof: [bytesToHex(leaf)], storageProof: [] };
      return ask(method, params);
    });
    for (const announced of [1, 5]) {
      const driver = world.keeper({ rpcs: { liar, a: honest, b: honest } });
      await driver.hear("liar", { number: announced, hash: forged.hash });
      await hearAll(driver, ["a", "b", "liar"], await readHead());
      await world.mine();
      await driver.follow();
      expect(kindsOf(driver)).to.not.include("Diverged");
      await expectJudged(driver, "InSync");
      expect(driver.all("incident")).to.deep.equal([]);
    }
  });

  describe("views", () => {
    async function show(driver: InProcessKeeper, name: string, rows: View["rows"]): Promise<void> {
      const { number: blockNumber, hash: blockHash } = driver.keeper.books.tip!;
      const view: View = { blockNumber, blockHash, rows };
      await driver.deliver({ type: "view", name, mayPause: true, view, nowMs: driver.nowMs });
      await driver.follow();
    }

    const wrong: View["rows"] = [{ account: ACCOUNT, item: "quote", amount: 7n }];

    it("keep one incident open while one view is wrong and another is right", async () => {
      const driver = world.keeper({ rpcs: { a: honest, b: honest, c: honest } });
      await driver.follow();
      for (let block = 0; block < 4; block += 1) {
        await world.mine();
        await driver.follow();
        await show(driver, "bad", wrong);
        await show(driver, "good", []);
      }
      const reports = driver.all("incident").map(({ report }) => report);
      expect(new Set(reports.map(({ id }) => id)).size).to.equal(1);
      expect(reports.map(({ state }) => state)).to.deep.equal(["opened", "acting", "contained"]);
      // Of the budget for views, which leaves that for proved books alone (G14).
      const { guard } = world.system;
      const classes = driver.all("broadcast").map(({ raw }) => {
        return guard.interface.decodeFunctionData("softPause", Transaction.from(raw).data)[1] as bigint;
      });
      expect(classes).to.deep.equal([BigInt(CAUSES.view)]);
    });

    it("do not keep a proved divergence from its alert and its own incident", async () => {
      const driver = world.keeper({ rpcs: { a: honest, b: honest, c: honest } });
      await driver.follow();
      await show(driver, "bad", wrong);
      expect(driver.incident).to.include({ cause: "view-diverged", state: "contained" });
      await world.tamper("PositionLedger", TAMPERED, 5n);
      await world.mine();
      await driver.hear("a", await readHead());
      await driver.hear("b", await readHead());
      expect(driver.verdict.kind).to.equal("Diverged");
      expect(alertsOf(driver, "diverged")).to.equal(1);
      const opened = driver.all("incident").filter(({ report }) => report.state === "opened");
      expect(opened.map(({ report }) => report.cause)).to.deep.equal(["view-diverged", "unexplained-write"]);
      expect(new Set(opened.map(({ report }) => report.id)).size).to.equal(2);
    });
  });

  describe("readContracts", () => {
    const DEADLINE_MS = 1_000;
    const SCALE = selectorOf("SETTLEMENT_SCALE()");
    /** Says one more than the settlement scale is. */
    const wrongScale: Lie = async (method, params, ask) => {
      const answer = await ask(method, params);
      const isScale = method === "eth_call" && (params[0] as { readonly data: Hex }).data === SCALE;
      return isScale ? `0x${(BigInt(answer as Hex) + 1n).toString(16).padStart(64, "0")}` : answer;
    };
    const otherChain: Lie = (method, params, ask) => (method === "eth_chainId" ? "0x1" : ask(method, params));
    const truth: Lie = (method, params, ask) => ask(method, params);

    function sourceOf(operator: string, lie: Lie, id = operator): Source {
      const rpc = lying(lie);
      return {
        id,
        operator,
        client: "test",
        redactedUrl: "http://127.0.0.1",
        open: () => undefined,
        request: (method, params) => rpc.request(method, params),
        batch: () => Promise.resolve([]),
        close: () => Promise.resolve(),
      };
    }

    async function read(sources: readonly Source[]): Promise<unknown> {
      const contracts = world.addresses as unknown as Deployment["contracts"];
      const chainId = Number(await world.send("eth_chainId"));
      try {
        return (await readContracts(sources, { chainId, deploymentBlock: 1, contracts }, DEADLINE_MS)).immutables;
      } catch (error: unknown) {
        if (KeeperError.is(error)) return error.code;
        throw error;
      }
    }

    for (const [name, lie] of [
      ["lies about a value", wrongScale],
      ["serves another chain", otherChain],
      ["does not answer", failing],
    ] as const) {
      it(`takes what the majority says when the first of three ${name}`, async () => {
        const sources = [sourceOf("a", lie), sourceOf("b", truth), sourceOf("c", truth)];
        expect(await read(sources)).to.deep.equal(world.immutables);
      });
    }

    it("agrees to nothing when one of two lies, or when two of three do not answer", async () => {
      expect(await read([sourceOf("a", truth), sourceOf("b", wrongScale)])).to.equal("NoAgreement");
      expect(await read([sourceOf("a", truth), sourceOf("b", failing), sourceOf("c", failing)])).to.equal(
        "NoAgreement",
      );
    });

    it("counts operators, not sources: two lying sources of one operator are no majority", async () => {
      const sources = [sourceOf("a", wrongScale, "a1"), sourceOf("a", wrongScale, "a2"), sourceOf("b", truth)];
      expect(await read(sources)).to.equal("NoAgreement");
    });

    it("names the other chain when every source serves it", async () => {
      expect(await read([sourceOf("a", otherChain), sourceOf("b", otherChain)])).to.equal("ChainMismatch");
    });
  });
});
