import { expect } from "chai";

import { listIncidents, showIncident } from "../../../keeper/commands/incidents.ts";
import { formatIncident, formatIncidents } from "../../../keeper/commands/formatIncidents.ts";
import { paintFor } from "../../../keeper/commands/formatBlock.ts";
import { findIncident, readIncidents, type IncidentHistory } from "../../../keeper/commands/readIncidents.ts";
import { verify } from "../../../keeper/commands/verify.ts";
import { sendOrder } from "../../../keeper/control/sendOrder.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Logger } from "../../../keeper/telemetry/log.ts";
import { startLocalKeeper, type LocalKeeper } from "../../../scripts/local/LocalKeeper.ts";
import { CONTEXT, type Ran } from "../../helpers/commandContext.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";

type Command = typeof showIncident;
const ID = (digit: string): string => `0x${digit.repeat(64)}`;

describe("lockstep incidents", function () {
  this.timeout(60_000);

  describe("beside the running keeper", () => {
    let world: LocalWorld;
    let keeper: LocalKeeper;
    let id: string;

    before(async () => {
      world = await LocalWorld.open("anvil", 53);
      const [inSync, contained, bundled] = [0, 0, 0].map(() => Promise.withResolvers<void>());
      const nothing = (): void => undefined;
      const log: Logger = {
        ...{ debug: nothing, warn: nothing, error: nothing, child: () => log },
        info: (event) => {
          if (event === "evidence-bundle") bundled?.resolve();
        },
      };
      keeper = await startLocalKeeper({
        ...{ sources: [world.node.url], deployment: world.market.chain.deployment, log },
        onEffect: (effect) => {
          if (effect.type === "block" && effect.report.verdict.kind === "InSync") inSync?.resolve();
          if (effect.type === "incident" && effect.report.state === "contained") contained?.resolve();
        },
      });
      await inSync?.promise;
      await world.tamper("SyncGuard", `0x${"77".repeat(32)}`, 5n);
      await world.mine();
      await world.mine();
      await Promise.all([contained?.promise, bundled?.promise]);
      id = [...keeper.service.status.incidents.keys()][0]!;
      const { dataDirectory } = keeper;
      const order = { kind: "acknowledge", key: id, reason: "looking at the guard" } as const;
      const { isDone, detail } = await sendOrder(order, { dataDirectory, by: "ada", deadlineMs: 5_000 });
      expect(isDone, detail).to.equal(true);
    });

    after(async () => {
      await keeper.stop();
      await world.close();
    });

    async function run(command: Command, given = "", flags: Record<string, unknown> = {}): Promise<Ran> {
      let [stdout, stderr] = ["", ""];
      const context = {
        ...CONTEXT,
        stdout: { write: (text: string) => (stdout += text) },
        stderr: { write: (text: string) => (stderr += text) },
      };
      const code = await command({ dataDirectory: keeper.dataDirectory, ...flags }, context, given);
      return { code, stdout, stderr };
    }

    it("lists what its journal has, without the lock that the keeper holds", async () => {
      const { code, stdout } = await run(listIncidents);
      expect(code).to.equal(0);
      expect(stdout).to.match(
        new RegExp(
          `^${id.slice(0, 18)}… {2}contained .*Z {2}block \\d+ {2}SyncGuard unexplained-write {2}acknowledged by ada\n$`,
        ),
      );
      const { stdout: json } = await run(listIncidents, "", { json: true, open: true });
      const { incidents } = JSON.parse(json) as { readonly incidents: readonly IncidentHistory[] };
      expect(incidents.map((incident) => incident.id)).to.deep.equal([id]);
    });

    it("shows one by the beginning of its id, with its states, its pause and who is at it", async () => {
      const { code, stdout } = await run(showIncident, id.slice(2, 12).toUpperCase());
      expect(code).to.equal(0);
      const { transaction, containedIn, blockHash } = keeper.service.status.incidents.get(id as `0x${string}`)!;
      expect(stdout).to.match(new RegExp(`^incident ${id} {2}contained\n`));
      for (const part of [
        ...[
          `block     \\d+ ${blockHash}`,
          `pause     proven to be effective in block ${containedIn}, 1 intent journalled`,
        ],
        ...[
          `transaction ${transaction}`,
          "acked +.*Z by ada: looking at the guard",
          "states +.*Z {2}opened",
          " {10}.*Z {2}acting",
        ],
      ])
        expect(stdout).to.match(new RegExp(`\n {2}.*${part}\n`));
    });

    it("names the command that verifies its evidence", async () => {
      const { stdout } = await run(showIncident, id, { json: true });
      const { evidence } = JSON.parse(stdout) as { readonly evidence: { readonly bundle: string } };
      expect((await run(showIncident, id)).stdout).to.contain(`lockstep verify ${evidence.bundle}`);
      expect(await verify(evidence.bundle, { takePrices: true }, CONTEXT)).to.equal(0);
    });
  });

  const report = (id: string, state: string): Record<string, unknown> => ({
    ...{ id, state, cause: "illegal", contract: "PositionLedger", blockNumber: 7, blockHash: ID("9") },
    ...{ detail: "a trade", transaction: null, containedIn: null },
  });
  const record = (kind: string, body: unknown, at = 1_000) => ({ seq: 1, at, kind, body });

  it("knows when an incident was over, who ordered that, and what other records do not say", () => {
    const [incident, ...others] = readIncidents([
      record("incident", report(ID("a"), "opened")),
      record("intent", { purpose: "soft-pause", incidentId: ID("a"), blockNumber: 8 }),
      record("intent", { purpose: "checkpoint", about: "x" }),
      record("incident", { ...report(ID("a"), "contained"), transaction: ID("5"), containedIn: 9 }),
      record("order", { id: "1", by: "ada", order: { kind: "close-incident", incidentId: ID("a"), reason: "mended" } }),
      record("incident", report(ID("a"), "closed"), 5_000),
      ...[null, 7, {}, { id: "0x12", state: "opened" }].map((body) => record("incident", body)),
      record("order", null),
      record("alert-acknowledged", { key: ID("a") }),
    ]);
    expect(others).to.deep.equal([]);
    expect(incident).to.deep.include({ id: ID("a"), state: "closed", isOpen: false, openedAt: 1_000, endedAt: 5_000 });
    expect(incident).to.deep.include({ transaction: ID("5"), containedIn: 9, attempts: 1, acknowledged: null });
    expect(incident?.closeOrder).to.deep.equal({ at: 1_000, by: "ada", reason: "mended" });
    expect(incident?.steps.map(({ state }) => state)).to.deep.equal(["opened", "contained", "closed"]);
  });

  it("shows the pause for a branch that was never followed, which has an intent alone", () => {
    const body = { purpose: "side-pause", incidentId: ID("b"), blockNumber: 12, blockHash: ID("8") };
    const [incident] = readIncidents([record("intent", body)]);
    expect(incident).to.include({ state: "side-pause", blockNumber: 12, isOpen: false, attempts: 1 });
    expect(formatIncidents([incident!], paintFor(false))).to.contain("a branch that is not followed");
  });

  it("refuses a beginning that no incident has or several have, and names the nearest", () => {
    const incidents = readIncidents(
      [`0xab${"0".repeat(62)}`, `0xac${"0".repeat(62)}`, ID("f")].map((id) => record("incident", report(id, "opened"))),
    );
    const faultOf = (given: string): KeeperError => {
      try {
        findIncident(incidents, given);
      } catch (error: unknown) {
        if (KeeperError.is(error)) return error;
      }
      throw new Error("nothing was thrown");
    };
    expect(findIncident(incidents, "0xAB").id).to.equal(`0xab${"0".repeat(62)}`);
    expect(faultOf("0xa")).to.include({ code: "IncidentAmbiguous" });
    expect(faultOf("a").message).to.contain("0xab").and.to.contain("0xac");
    expect(faultOf("0xff1").message).to.match(new RegExp(`nearest are ${ID("f")}`));
    expect(faultOf("").code).to.equal("IncidentUnknown");
    expect(() => findIncident([], "0x1")).to.throw("this journal has none at all");
  });

  it("shows nothing of the chain or of a person that could deceive a terminal", () => {
    const evil = "\u001b[2Jclosed\u202e\nincident";
    const [incident] = readIncidents([
      record("incident", { ...report(ID("a"), evil), cause: evil, contract: evil, detail: evil, transaction: evil }),
      record("alert-acknowledged", { key: ID("a"), by: evil, reason: evil, atMs: 1e300 }),
      record("order", { by: evil, order: { kind: "close-incident", incidentId: ID("a"), reason: evil } }),
    ]);
    const text = formatIncident(incident!, { folder: "/a b/'c", bundle: "/a b/'c/bundle.lockstep" }, paintFor(false));
    expect(text).not.to.match(/[\u001b\u202e]/); // eslint-disable-line no-control-regex
    expect(text.split("\n").filter((line) => line.startsWith("incident"))).to.have.length(1);
    expect(text).to.contain("lockstep verify '/a b/'\\''c/bundle.lockstep'");
  });
});
