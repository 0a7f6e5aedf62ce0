import { expect } from "chai";
import { AlertDesk } from "../../../keeper/alerts/AlertDesk.ts";
import { createSinks } from "../../../keeper/alerts/createSinks.ts";
import { parseAlerts } from "../../../keeper/config/parseAlerts.ts";
import type { Effect } from "../../../keeper/loop/ports.ts";
import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import { startLocalKeeper } from "../../../scripts/local/LocalKeeper.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { HookServer } from "./HookServer.ts";
import { SILENT } from "../../helpers/silentLog.ts";

const ignore = (): void => undefined;
const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);
const TICK_MS = 50;

/** A real keeper on a real node, whose alerts go to a real server. Only the way to the chain is broken. */
describe("the alert path", function () {
  this.timeout(60_000);
  let world: LocalWorld;
  let proxy: ChaosRpc;
  let hooks: HookServer;
  const effects: Effect[] = [];
  /** What was started, to be stopped in reverse order, however far that came. */
  const started: (() => unknown)[] = [];

  before(async () => {
    world = await LocalWorld.open("hardhat", 35);
    started.push(() => world.close());
    proxy = await ChaosRpc.start({ upstreams: [world.node.url], seed: 35, rules: [] });
    started.push(() => proxy.close());
    hooks = await HookServer.start();
    started.push(() => hooks.close());
    const parsed = parseAlerts(`json|${hooks.url}`);
    if (!parsed.ok) throw new Error(parsed.expected);
    const desk = new AlertDesk({
      sinks: createSinks(parsed.value, { origin: { keeper: "one", chainId: 31_337 }, wallNow: Date.now }),
      now: () => performance.now(),
      wallNow: Date.now,
      random: () => 0.5,
      log: SILENT,
      onRecord: ignore,
      remindAfterMs: 300_000,
      closeMs: 0,
    });
    started.push(() => desk.close());
    const ticker = setInterval(() => desk.tick(), TICK_MS);
    started.push(() => clearInterval(ticker));
    const keeper = await startLocalKeeper({
      sources: [proxy.wsUrl],
      deployment: world.market.chain.deployment,
      log: SILENT,
      onEffect: (effect) => {
        effects.push(effect);
        desk.take(effect);
      },
    });
    started.push(() => keeper.stop());
  });

  after(async () => {
    for (const stop of started.reverse()) await stop();
  });

  const has = (event: string, state: string): boolean =>
    hooks.received.some(({ body }) => body["event"] === event && body["state"] === state);

  /** Blocks pass until it is so. */
  async function mineUntil(what: string, condition: () => boolean): Promise<void> {
    const mining = setInterval(() => void world.mine().catch(ignore), 200);
    try {
      await hooks.untilThat(what, condition);
    } finally {
      clearInterval(mining);
    }
  }

  it("D11: works while no transaction reaches the chain", async () => {
    proxy.setRules([{ method: "eth_sendRawTransaction", action: "hang" }]);
    // A word that no event explains, from the next block on.
    await world.send("hardhat_setStorageAt", world.addresses.PositionLedger, TAMPERED, `0x${"1".padStart(64, "0")}`);
    await mineUntil("the incident", () => has("incident", "opened"));
    await mineUntil("that its pause is on its way", () => has("incident", "acting"));
    await mineUntil("that the pause is not included", () => has("pause-not-included", "pause-not-included"));
    expect(effects.some(({ type }) => type === "broadcast")).to.equal(true);
    expect(await world.flags(), "nothing was paused").to.equal(0n);
    const states = hooks.received.filter(({ body }) => body["event"] === "incident").map(({ body }) => body["state"]);
    expect(states, "one alert per state, however often the pause was sent").to.deep.equal(["opened", "acting"]);
  });

  it("D11: works when every source is gone", async () => {
    const before = hooks.received.length;
    await proxy.close();
    await hooks.untilThat("that nothing can be said", () => hooks.received.length > before);
    await hooks.untilThat("that there is no source", () => {
      return hooks.received
        .slice(before)
        .some(({ body }) => /unknown-no-source|source-degraded/.test(String(body["event"])));
    });
  });
});
