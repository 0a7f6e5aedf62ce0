import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";

import { ChaosRpc } from "../../../../scripts/chaos/ChaosRpc.ts";
import type { Rule } from "../../../../scripts/chaos/Rule.ts";
import { tamperStorage } from "../../../../testing/chainControl.ts";
import { LocalWorld } from "../../../helpers/keeper/LocalWorld.ts";
import { TAMPERED } from "../../../helpers/keeper/scenarioFork.ts";
import type { Seen } from "../../../../testing/Seen.ts";
import { replace } from "../../../helpers/keeper/sourcesLies.ts";
import { ROUND_BLOCKS } from "../../../../keeper/domain/rounds.ts";
import { developmentWallet } from "../../../../scripts/local/accounts.ts";
import { SourcesRig, wronglyBlamed, type SourcesRigOptions } from "../../../helpers/keeper/sourcesRig.ts";
import { Inventor, LyingServer } from "../../../helpers/keeper/sourcesServer.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Each second call, of a batch too, is answered by a node that is so far behind. */
const poolOf = (blocks: number): Rule[] => [{ method: "*", action: "stale", blocks, every: 2 }];
/** So long after a block that nothing about it is still on its way. */
const SLOW_MS = 1_100;
const nowhere = (): string =>
  `0x${Math.trunc(performance.now() * 1_000)
    .toString(16)
    .padStart(64, "0")}`;

/** Knows of a block what is pushed, and asks nothing. */
class PushReader {
  heads = 0;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Open, and subscribed. */
  static async open(url: string): Promise<PushReader> {
    const socket = new WebSocket(url);
    const reader = new PushReader(socket);
    await once(socket, "open");
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_subscribe", params: ["newHeads"] }));
    await once(socket, "message");
    socket.addEventListener("message", () => (reader.heads += 1));
    return reader;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  close(): void {
    this.#socket.close();
  }
}

describe("sources whose heads cannot be relied on", function () {
  this.timeout(60_000);
  let world: LocalWorld;
  let rig: SourcesRig | null = null;

  before(async () => {
    world = await LocalWorld.open("anvil", 41);
  });

  after(() => world.close());

  afterEach(async () => {
    rig?.expectOnlyWhatCannotLie();
    await rig?.stop();
    rig = null;
  });

  async function start(options: Partial<SourcesRigOptions> = {}): Promise<SourcesRig> {
    rig = await SourcesRig.start(world, { transports: ["ws", "ws", "ws"], ...options });
    await rig.untilInSync();
    return rig;
  }

  /** What is in sync never goes back, and the books are the chain's in the end. */
  async function expectStraight(keeper: SourcesRig, seen: Seen): Promise<void> {
    const numbers = seen.reports.flatMap(({ number, verdict }) => (verdict.kind === "InSync" ? [number] : []));
    expect(numbers).to.deep.equal([...numbers].sort((one, other) => one - other));
    await keeper.expectSound(seen);
    expect(keeper.keeper.books.roots()).to.deep.equal(await world.roots(keeper.keeper.books.tip!.hash));
  }

  for (const [transport, sourceCount] of [
    ["http", 1],
    ["ws", 1],
    ["ws", 3],
  ] as const) {
    it(`never goes back with ${sourceCount} over ${transport}, each a pool with a node that lags (B11)`, async () => {
      const keeper = await start({ transports: Array.from({ length: sourceCount }, () => transport) });
      const seen = keeper.seen();
      for (const [index, proxy] of keeper.proxies.entries()) proxy.setRules(poolOf(index + 1));
      for (let trade = 0; trade < 6; trade += 1) {
        await world.trade(1);
        await wait(120);
      }
      // A node that lags catches up: the heads that were held back come as well.
      for (const proxy of keeper.proxies) {
        expect(proxy.rules[0]!.told).to.be.greaterThan(3);
        proxy.clear();
      }
      await world.mine();
      await keeper.untilInSync();
      if (sourceCount === 1) expect(seen.all("rolled-back")).to.deep.equal([]);
      await expectStraight(keeper, seen);
    });
  }

  it("takes pushes that come twice, late and in any order for what they are (B18)", async () => {
    const keeper = await start({ transports: ["ws"] });
    const { number } = await keeper.head();
    const seen = keeper.seen();
    keeper.liar.setRules([
      { method: "eth_subscription", every: 3, action: "duplicate" },
      { method: "eth_subscription", action: "shuffle", count: 4 },
    ]);
    await world.trade(14);
    expect(keeper.liar.rules.map(({ told }) => told > 1)).to.deep.equal([true, true]);
    keeper.liar.clear();
    await keeper.untilInSync();
    expect(seen.all("rolled-back")).to.deep.equal([]);
    expect(new Set(seen.reports.map(({ hash }) => hash)).size).to.equal(seen.reports.length);
    await expectStraight(keeper, seen);
    await keeper.expectAllJudged(number);
  });

  it("notices sockets that go mute, and leaves no block out (B15)", async () => {
    const rules: Record<string, Rule> = {
      ponging: { method: "eth_subscription", action: "mute-ws", times: 1 },
      deaf: { method: "eth_subscription", action: "mute-ws", isPonging: false, times: 1 },
      // Calls are answered, and only the subscription has died.
      unsubscribed: { method: "eth_subscription", action: "drop" },
    };
    const mute = await ChaosRpc.start({ upstreams: [world.node.url], rules: [{ ...rules["deaf"]!, times: 9 }] });
    const trusting = await PushReader.open(mute.wsUrl);
    const rigs = await Promise.all(
      Object.values(rules).map((_, index) =>
        SourcesRig.startOne(world, {
          checkpointIntervalSeconds: 3_600,
          // Three keepers at once: no two share a key.
          flags: () => ({
            pauseKey: developmentWallet(2 * index).privateKey,
            attestKey: developmentWallet(2 * index + 1).privateKey,
          }),
        }),
      ),
    );
    try {
      const { number } = await rigs[0]!.head();
      const seen = rigs.map((each) => each.seen());
      for (const [index, rule] of Object.values(rules).entries()) rigs[index]!.liar.setRules([rule]);
      await world.trade(4);
      for (const each of rigs) {
        await each.until("it reconnects or asks", () => (each.keeper.books.tip?.number ?? 0) > number + 3);
        each.liar.clear();
      }
      await world.mine();
      for (const [index, each] of rigs.entries()) {
        await each.untilInSync();
        await each.expectAllJudged(number);
        await expectStraight(each, seen[index]!);
      }
      // Who waits for pushes has an open socket, and has heard of none of these blocks.
      expect([trusting.isOpen, trusting.heads]).to.deep.equal([true, 0]);
    } finally {
      trusting.close();
      await mute.close();
      for (const each of rigs) await each.stop();
    }
  });

  /** Three blocks, and those until the second signature: the first waits for a round to begin. */
  const goesOn = (block: number, seen: Seen): boolean =>
    block < 3 || (seen.attested.length < 2 && block < 2 * ROUND_BLOCKS);

  it("stays in sync, and signs, while one always announces a proven child of the head that it made up", async () => {
    const inventor = new Inventor();
    const server = await LyingServer.start(world.node.url, inventor.lie);
    try {
      const keeper = await start({ transports: ["http", "ws", "ws"], upstreamOfLiar: server.url });
      const seen = keeper.seen();
      inventor.isLying = true;
      for (let block = 0; goesOn(block, seen); block += 1) {
        await world.mine();
        await keeper.until("it is heard", () => inventor.invented.has(keeper.source(0).head?.hash));
        await wait(SLOW_MS);
        await keeper.untilInSync();
      }
      expect(seen.said).to.deep.equal(["InSync"]);
      // One may still be on its way to the chain when the next is due.
      expect(seen.attested.length).to.be.at.least(2);
      expect(seen.alerts("unknown-no-quorum")).to.deep.equal([]);
      await expectStraight(keeper, seen);
    } finally {
      await rig?.stop();
      await server.close();
    }
  });

  it("stays in sync, and signs, while one pushes heads that nobody has", async () => {
    const keeper = await start();
    const seen = keeper.seen();
    keeper.liar.setRules([replace("eth_subscription", (head) => ({ ...(head as Fields), hash: nowhere() }))]);
    for (let block = 0; goesOn(block, seen); block += 1) {
      await world.mine();
      await wait(SLOW_MS);
      await keeper.untilInSync();
    }
    expect(keeper.liar.rules[0]!.told).to.be.at.least(3);
    expect(seen.said).to.deep.equal(["InSync"]);
    expect(seen.attested.length).to.be.at.least(2);
    keeper.liar.clear();
    await keeper.untilRecovered();
    await expectStraight(keeper, seen);
  });

  it("judges every block while one of three dies and returns all the time", async () => {
    const keeper = await start();
    const { number } = await keeper.head();
    const seen = keeper.seen();
    for (let block = 0; block < 30; block += 1) {
      if (block % 4 === 0) await keeper.liar.goDown();
      if (block % 4 === 2) await keeper.liar.comeBack();
      await world.mine();
      await wait(60);
    }
    await keeper.liar.comeBack();
    await keeper.untilInSync();
    expect(seen.said).to.deep.equal(["InSync"]);
    expect(seen.reports.every(({ verdict }) => verdict.kind === "InSync" && verdict.isWitnessed)).to.equal(true);
    await keeper.expectAllJudged(number);
    await expectStraight(keeper, seen);
    await keeper.untilRecovered();
  });

  it("tells the truth with the others while one flips between truth and lie at every 7th answer", async () => {
    const keeper = await start();
    const { number } = await keeper.head();
    const seen = keeper.seen();
    keeper.liar.setRules([
      { method: "eth_*", every: 7, action: "replace", change: (result, params) => [result, params] },
    ]);
    // Whether a lie is about what is believed of it hangs on who is asked first.
    for (let trade = 0; trade < 10 || (trade < 60 && !seen.quarantined.includes("operator-1")); trade += 1) {
      await world.trade(1);
      await keeper.untilInSync();
    }
    expect(seen.said).to.deep.equal(["InSync"]);
    expect(seen.quarantined).to.include("operator-1");
    expect(wronglyBlamed(seen)).to.deep.equal([]);
    await keeper.expectAllJudged(number);
    keeper.liar.clear();
    await keeper.untilRecovered();
    await expectStraight(keeper, seen);
  });

  it("asks no node to remember anything, neither while it follows nor while it pauses (B16)", async () => {
    const keeper = await start();
    for (const proxy of keeper.proxies) proxy.setRules([{ method: "*Filter*", action: "forget-filters" }]);
    await tamperStorage(world.rpc, { address: world.addresses.PositionLedger, slot: TAMPERED, value: 1n });
    await keeper.until("it is contained and located", () => {
      const states = keeper.effects.flatMap((effect) => (effect.type === "incident" ? [effect.report.state] : []));
      return states.includes("contained") && keeper.effects.some(({ type }) => type === "located");
    });
    keeper.expectOnlyWhatCannotLie();
    const asked = keeper.proxies.flatMap(({ calls }) => [...calls.keys()]);
    expect(asked.filter((method) => /filter|logs/i.test(method))).to.deep.equal([]);
  });
});
