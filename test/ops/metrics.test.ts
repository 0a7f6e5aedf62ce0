import { readFileSync } from "node:fs";

import { expect } from "chai";

import { bigintToHex32 } from "../../keeper/lib/hex.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import { addressOf, developmentWallet, ROLES } from "../../scripts/local/accounts.ts";
import { contractInterface } from "../../scripts/local/contractInterface.ts";
import { startLocalKeeper, type LocalKeeper } from "../../scripts/local/LocalKeeper.ts";
import { LocalWorld } from "../helpers/keeper/LocalWorld.ts";
import { Waiters } from "../helpers/keeper/Waiters.ts";
import { HookServer } from "../keeper/alerts/HookServer.ts";
import { readExposition, type Exposition } from "./lintExposition.ts";
import { metricFamilies } from "./metricFamilies.ts";
import { demandPromtool, promtool } from "./promtool.ts";
import { SILENT } from "../helpers/silentLog.ts";

const SEED = 44;
const OPERATIONS = new URL("../../docs/operations.md", import.meta.url);

describe("The metrics in the documentation", () => {
  it("are those that there are, with their types and labels", () => {
    const section = readFileSync(OPERATIONS, "utf8").split("\n## Metrics\n")[1]?.split("\n## ")[0] ?? "";
    const rows = [...section.matchAll(/^\| `(\w+)(?:\{([\w,]+)\})?` +\| (\w+) +\| \S/gm)];
    const documented = rows.map(([, name, labels = "", type]) => ({ name, type, labels }));
    const registered = [...metricFamilies().values()].map(({ name, type, labels }) => {
      return { name, type, labels: labels.join(",") };
    });
    expect(documented).to.have.deep.members(registered);
  });
});

/** A keeper on Anvil that judges, proves that it is ready, posts, pauses for a flaw, and tells people of it. */
describe("The metrics of a running keeper", function () {
  this.timeout(90_000);
  let world: LocalWorld;
  let keeper: LocalKeeper;
  let hooks: HookServer;
  let text: string;
  let scraped: Exposition;
  const effects: Effect[] = [];
  const waiters = new Waiters();

  before(async () => {
    world = await LocalWorld.open("anvil", SEED, { module: "FlawedLockstep" });
    hooks = await HookServer.start();
    keeper = await startLocalKeeper({
      sources: [world.node.url],
      deployment: world.market.chain.deployment,
      log: SILENT,
      checkpointIntervalSeconds: 1,
      flags: {
        readinessBlocks: "1",
        relays: `${world.node.url}/0123456789abcdef0123`,
        peers: "b|http://127.0.0.1:9",
        alerts: `json|${hooks.url}/hook`,
      },
      onEffect: (effect) => {
        effects.push(effect);
        waiters.wake();
      },
    });
    const isSeen = (type: Effect["type"]): boolean => effects.some((effect) => effect.type === type);
    // The first signature of a start waits for a round above the head of then, eight blocks at most.
    await world.trade(12);
    await waiters.until(() => isSeen("checkpoint"));
    const data = contractInterface("FlawedPositionLedger").encodeFunctionData("migrateQuote", [bigintToHex32(7n), 1n]);
    const from = addressOf(developmentWallet(ROLES.feedMover));
    await world.send("eth_sendTransaction", { from, to: world.addresses.PositionLedger, data, gas: "0x7a120" });
    await waiters.until(() =>
      effects.some((effect) => effect.type === "incident" && effect.report.state === "contained"),
    );
    await hooks.untilThat("contained", () => hooks.states.includes("contained"));
    const answer = await fetch(`${keeper.service.apiUrl}/metrics`);
    expect(answer.headers.get("content-type")).to.match(/^text\/plain; version=0\.0\.4/);
    text = await answer.text();
    scraped = readExposition(text);
  });

  after(async () => {
    await keeper.stop();
    await hooks.close();
    await world.close();
  });

  function valueOf(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const family = name.replace(/_(?:sum|count)$/, "");
    const samples = (scraped.families.get(name) ?? scraped.families.get(family))?.samples ?? [];
    const isWanted = Object.entries(labels);
    return samples.find(
      (sample) => sample.name === name && isWanted.every(([label, value]) => sample.labels[label] === value),
    )?.value;
  }

  it("follow the text format and the conventions, and no label holds a hash, an address or a URL", () => {
    expect(scraped.problems).to.deep.equal([]);
    expect([...scraped.families.keys()]).to.have.members([...metricFamilies().keys()]);
  });

  it("pass promtool check metrics", async function () {
    await demandPromtool(this);
    const { code, output } = await promtool(["check", "metrics"], text);
    expect(output).to.equal("");
    expect(code).to.equal(0);
  });

  it("tell the state, and each state that it is not", () => {
    const states = scraped.families.get("lockstep_state")?.samples.filter(({ value }) => value === 1);
    expect(states?.map(({ labels }) => labels["state"])).to.deep.equal(["PAUSED"]);
    expect(valueOf("lockstep_ready")).to.equal(1);
    expect(valueOf("lockstep_leading")).to.equal(1);
  });

  it("have one measurement of each stage of the pause", () => {
    for (const stage of ["decision", "broadcast", "inclusion"]) {
      expect(valueOf(`lockstep_${stage}_latency_seconds_count`), stage).to.equal(1);
      expect(valueOf(`lockstep_${stage}_latency_seconds_sum`), stage).to.be.within(0, 30);
    }
    expect(valueOf("lockstep_detection_latency_seconds_count")).to.be.greaterThan(3);
  });

  it("tell the incident and whom it restricts", () => {
    expect(valueOf("lockstep_incidents_total", { cause: "unexplained-write" })).to.equal(1);
    expect(valueOf("lockstep_incidents", { state: "contained" })).to.equal(1);
    expect(valueOf("lockstep_protocol_flag", { flag: "increase-risk" })).to.equal(1);
    expect(valueOf("lockstep_protocol_flag", { flag: "wind-down" })).to.equal(0);
    expect(valueOf("lockstep_alerts_standing", { level: "critical" })).to.be.greaterThan(0);
  });

  it("tell when the stale grade comes, and how many keepers sign", async () => {
    const { timestamp } = (await world.send("eth_getBlockByNumber", "latest", false)) as { readonly timestamp: string };
    expect(valueOf("lockstep_checkpoint_timestamp_seconds")).to.be.within(Number(timestamp) - 60, Number(timestamp));
    expect(valueOf("lockstep_stale_limit_seconds")).to.equal(20 * 60);
    expect(valueOf("lockstep_keepers")).to.equal(1);
    expect(valueOf("lockstep_keeper_quorum")).to.equal(1);
    expect(valueOf("lockstep_operator_quorum")).to.equal(1);
  });

  it("tell the process: since when, and which version", () => {
    expect(valueOf("lockstep_build_info")).to.equal(1);
    expect(valueOf("lockstep_start_time_seconds")).to.be.within(Date.now() / 1_000 - 300, Date.now() / 1_000);
  });
});
