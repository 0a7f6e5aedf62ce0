import { expect } from "chai";
import { keccak256 } from "ethers";
import { watchKeeper } from "../../helpers/scenarioFacts.ts";

import { bigintToHex32, type Hash } from "../../../keeper/lib/hex.ts";
import type { Effect, IncidentReport } from "../../../keeper/loop/ports.ts";
import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import type { Rule } from "../../../scripts/chaos/Rule.ts";
import { addressOf, developmentWallet, ROLES } from "../../../scripts/local/accounts.ts";
import { contractInterface } from "../../../scripts/local/contractInterface.ts";
import { startLocalKeeper, type LocalKeeper } from "../../../scripts/local/LocalKeeper.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { startRpcServer, type RpcTestServer } from "../chain/sources/RpcTestServer.ts";
import { SILENT } from "../../helpers/silentLog.ts";

const SEED = 111;
const ACCOUNT = 7n;
/** Nobody whose request is swallowed is done with it before a test is over. */
const DEADLINE_MS = 30_000;
const PATIENCE_MS = 20_000;
const LOOK_MS = 10;

const DROPS: Rule = { method: "eth_send*", action: "drop" };
const HANGS: Rule = { method: "eth_send*", action: "hang" };
/** A source that says that it has the transaction, and lets nobody know of it. */
const SWALLOWS: Rule = { method: "eth_send*", action: "replace", result: `0x${"11".repeat(32)}` };
/** The same of a relay, which is believed to have it only if it names it. */
const DIVERTS: Rule = { method: "eth_send*", action: "upstream", index: 1 };

interface RelayWords {
  readonly url: string;
  readonly accepted: number;
  readonly refused: number;
  readonly failed: number;
}

/** A keeper with two sources and two relays, all of them before one Anvil that mines when it is told to. */
describe("Scenario: relays, beside sources that lose transactions", function () {
  this.timeout(60_000);
  let world: LocalWorld;
  let sources: readonly ChaosRpc[];
  let relays: readonly ChaosRpc[];
  /** Takes transactions, and keeps them to itself. */
  let pit: RpcTestServer;
  let keeper: LocalKeeper;
  let effects: Effect[];
  let snapshot: unknown;

  before(async () => {
    world = await LocalWorld.open("anvil", SEED, { module: "FlawedLockstep" });
    await world.send("evm_setAutomine", false);
    pit = await startRpcServer("http");
    pit.script("eth_sendRawTransaction", ([call], wire) => {
      const result = keccak256(call!.params[0] as string);
      wire.send(JSON.stringify({ jsonrpc: "2.0", id: call!.id, result }));
    });
    const upstreams = [world.node.url, pit.url];
    const proxies = [0, 1, 2, 3].map((at) => ChaosRpc.start({ upstreams, seed: SEED + at }));
    const [first, second, third, fourth] = await Promise.all(proxies);
    [sources, relays] = [
      [first!, second!],
      [third!, fourth!],
    ];
  });

  beforeEach(async () => {
    snapshot = await world.send("evm_snapshot");
    effects = [];
    watchKeeper("a daemon's parts on Anvil", effects);
    keeper = await startLocalKeeper({
      sources: sources.map(({ wsUrl }) => wsUrl),
      deployment: world.market.chain.deployment,
      log: SILENT,
      mayAttest: false,
      flags: {
        relays: relays.map(({ url }) => `${url}/0123456789abcdef0123`).join(","),
        requestDeadlineMs: String(DEADLINE_MS),
        readinessBlocks: "0",
      },
      onEffect: (effect) => effects.push(effect),
    });
    const head = Number(await world.send("eth_blockNumber"));
    await until("it is in sync", () => {
      const last = effects.findLast((effect) => effect.type === "block");
      return last?.report.verdict.kind === "InSync" && last.report.number >= head;
    });
    for (const { calls } of relays) expect([...calls.keys()], "nothing is read from a relay").to.deep.equal([]);
  });

  afterEach(async () => {
    await keeper.stop();
    for (const proxy of [...sources, ...relays]) {
      proxy.clear();
      proxy.calls.clear();
    }
    await world.send("anvil_dropAllTransactions");
    await world.send("evm_revert", snapshot);
  });

  after(async () => {
    await Promise.all([...sources, ...relays].map((proxy) => proxy.close()));
    await pit.close();
    await world.close();
  });

  async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; !(await isTrue());) {
      if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** A block with a word of the ledger that no event explains, by the flaw of the protocol deployed here. */
  async function diverge(): Promise<void> {
    const flaw = contractInterface("FlawedPositionLedger");
    const data = flaw.encodeFunctionData("migrateQuote", [bigintToHex32(ACCOUNT), 1n]);
    const from = addressOf(developmentWallet(ROLES.feedMover));
    const to = world.addresses.PositionLedger;
    await world.send("eth_sendTransaction", { from, to, data, gas: "0x7a120" });
    await world.mine();
  }

  const pauses = (): Hash[] => {
    const sent = effects.filter((effect) => effect.type === "broadcast");
    return sent.filter(({ purpose }) => purpose === "soft-pause").map(({ hash }) => hash);
  };

  const isKnown = async (hash: Hash | undefined): Promise<boolean> =>
    hash !== undefined && (await world.send("eth_getTransactionByHash", hash)) !== null;

  /** Until the node has the pause that was signed first, and no other was needed. */
  async function untilFirstIsKnown(): Promise<void> {
    await until("the node has the pause", () => isKnown(pauses()[0]));
    expect(new Set(pauses()).size).to.equal(1);
  }

  function incident(): IncidentReport | undefined {
    return effects.findLast((effect) => effect.type === "incident")?.report;
  }

  async function expectContained(): Promise<void> {
    await world.mine();
    await until("it is contained", () => incident()?.state === "contained");
    expect(incident()?.transaction).to.equal(pauses()[0]);
    expect(await world.flags()).to.not.equal(0n);
  }

  const words = async (): Promise<readonly RelayWords[]> => {
    const response = await fetch(`${keeper.service.apiUrl}/status`);
    return ((await response.json()) as { relays: RelayWords[] }).relays;
  };

  it("D11: pauses through a relay while every source drops what is sent, and waits neither for them nor for a relay that hangs", async () => {
    for (const source of sources) source.setRules([DROPS]);
    relays[1]!.setRules([HANGS]);
    await diverge();
    await untilFirstIsKnown();
    await until("the relay has answered", async () => (await words())[0]!.accepted > 0);
    const [taken, hung] = await words();
    expect(taken).to.include({ refused: 0, failed: 0 });
    expect(hung, "the others were not held up by it").to.include({ accepted: 0, refused: 0, failed: 0 });
    await expectContained();
    for (const { calls } of relays) expect([...calls.keys()]).to.deep.equal(["eth_sendRawTransaction"]);
  });

  it("E3: pauses through a relay while every source says that it has the pause, and drops it", async () => {
    for (const source of sources) source.setRules([SWALLOWS]);
    await diverge();
    await untilFirstIsKnown();
    await expectContained();
  });

  it("E3: goes on sending to the sources when a relay says that it has the pause, and drops it", async () => {
    for (const source of sources) source.setRules([DROPS]);
    for (const relay of relays) relay.setRules([DIVERTS]);
    await diverge();
    await until("the relays have answered", async () => (await words()).every(({ accepted }) => accepted > 0));
    expect(await isKnown(pauses()[0])).to.equal(false);
    sources[0]!.clear();
    await untilFirstIsKnown();
    await expectContained();
  });

  it("E3: takes it for a yes when a relay has the pause already, and tells of it without what its URL hides", async () => {
    relays[1]!.setRules([{ method: "eth_send*", action: "error", code: -32_000, message: "already known" }]);
    await diverge();
    await untilFirstIsKnown();
    await until("the relays have answered", async () => (await words()).every(({ accepted }) => accepted > 0));
    expect((await words())[1]).to.include({ refused: 0, failed: 0 });
    const metrics = await (await fetch(`${keeper.service.apiUrl}/metrics`)).text();
    expect(metrics).to.match(/^lockstep_relay_sends_total\{relay="127\.0\.0\.1-2",outcome="accepted"\} [1-9]\d*$/m);
    expect(metrics).to.include('lockstep_relay_sends_total{relay="127.0.0.1-2",outcome="failed"} 0\n');
    expect(JSON.stringify(await words())).to.not.include("0123456789abcdef");
    await expectContained();
  });
});
