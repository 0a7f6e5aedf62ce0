import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";

import { startApi } from "../../../keeper/api/startApi.ts";
import { status } from "../../../keeper/commands/status.ts";
import type { Effect } from "../../../keeper/loop/ports.ts";
import { startLocalKeeper, type LocalKeeper } from "../../../scripts/local/LocalKeeper.ts";
import { CONTEXT, type Ran } from "../../helpers/commandContext.ts";
import { IDLE_HANDLERS } from "../../helpers/idleHandlers.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { SILENT } from "../../helpers/silentLog.ts";

/** Clears a line, reorders what follows, and begins a line of its own. */
const EVIL = "\u001b[2Jall is well\u202e\nIN_SYNC";

async function run(flags: Record<string, unknown>): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  const code = await status(flags, {
    ...CONTEXT,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

describe("lockstep status", function () {
  this.timeout(60_000);

  describe("of a running keeper", () => {
    let world: LocalWorld;
    let keeper: LocalKeeper;
    const waiting = new Set<(effect: Effect) => void>();

    /** Resolves with the first effect for which it holds. */
    function until(test: (effect: Effect) => boolean): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add((effect) => {
        if (test(effect)) resolve();
      });
      return promise;
    }

    before(async () => {
      world = await LocalWorld.open("anvil", 47);
      const isInSync = until((effect) => effect.type === "block" && effect.report.verdict.kind === "InSync");
      keeper = await startLocalKeeper({
        ...{ sources: [world.node.url], deployment: world.market.chain.deployment, log: SILENT },
        onEffect: (effect) => {
          for (const see of waiting) see(effect);
        },
      });
      await isInSync;
    });

    after(async () => {
      await keeper.stop();
      await world.close();
    });

    it("shows state, block, sources and that nothing is wrong: exit 0", async () => {
      const { code, stdout, stderr } = await run({ url: keeper.service.apiUrl });
      expect(code, stdout + stderr).to.equal(0);
      const { number, hash } = keeper.service.status.lastReport!;
      expect(stdout).to.match(/^IN_SYNC {2}leading\n {2}ready +yes\n/);
      expect(stdout)
        .to.contain(`${number} ${hash}, judged `)
        .and.to.contain(`in sync    last at block ${number} ${hash}`);
      expect(stdout).to.match(/\n {2}sources +operator-1 up, head \d+/);
      for (const row of ["conditions +nothing unusual", "incidents +none is open", "alerts +none stands"])
        expect(stdout).to.match(new RegExp(`\\n {2}${row}\\n?`));
      expect(stdout.split("\n")).to.have.length.below(25);
    });

    it("finds the keeper by its settings, and passes its document through as JSON", async () => {
      const { port } = new URL(keeper.service.apiUrl);
      const { code, stdout } = await run({ apiHost: "0.0.0.0", apiPort: port, json: true });
      expect(code).to.equal(0);
      const document = JSON.parse(stdout) as { readonly state: string; readonly slots: number };
      const served = (await (await fetch(`${keeper.service.apiUrl}/status`)).json()) as typeof document;
      expect([document.state, document.slots]).to.deep.equal([served.state, served.slots]);
      expect(document).to.have.all.keys(Object.keys(served));
    });

    it("names the incident, its alert and what to do when the books diverge: exit 1", async () => {
      const isContained = until((effect) => effect.type === "incident" && effect.report.state === "contained");
      await world.tamper("SyncGuard", `0x${"77".repeat(32)}`, 5n);
      await world.mine();
      await world.mine();
      await isContained;
      await new Promise(setImmediate);
      const { code, stdout } = await run({ url: keeper.service.apiUrl });
      expect(code).to.equal(1);
      expect(stdout).to.match(/^PAUSED/);
      expect(stdout).to.match(/verdict +Diverged {2}SyncGuard unexplained-write since block \d+\n/);
      const { id } = [...keeper.service.status.incidents.values()][0]!;
      expect(stdout).to.match(
        new RegExp(`incidents +${id} contained: .* transaction 0x[0-9a-f]{64}, paused in block \\d+`),
      );
      expect(stdout).to.match(/alerts +critical .*nobody has acknowledged it/);
      expect(stdout).to.contain("lockstep incidents show");
    });
  });

  it("ends with 75 where nobody answers, and says how to find out why", async () => {
    const { code, stdout, stderr } = await run({ url: "http://127.0.0.1:1" });
    expect([code, stdout]).to.deep.equal([75, ""]);
    expect(stderr).to.contain("nothing answers there").and.to.contain("latch show").and.to.contain("--url");
    expect((await run({ apiPort: "1" })).code).to.equal(75);
  });

  it("refuses what is no address of a keeper, and a port that only the system knows", async () => {
    for (const flags of [{ url: "ftp://127.0.0.1" }, { url: "http://me:secret@127.0.0.1:1" }, { apiPort: "0" }]) {
      let message = "";
      await run(flags).catch((error: unknown) => (message = String(error)));
      expect(message).to.contain("--url").and.to.not.contain("secret");
    }
  });

  describe("of whatever else answers", () => {
    let server: Server | undefined;

    afterEach(() => {
      server?.closeAllConnections();
      server?.close();
    });

    async function serving(body: string, code = 200): Promise<string> {
      server = createServer((_, response) => response.writeHead(code).end(body));
      await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    it("ends with 75 at another server, however it answers", async () => {
      const answers = ["<html>", "null", "[]", '{"state":"IN_SYNC"}', `{"state":"\\u001b[2J","isLeading":true}`];
      for (const body of answers) {
        const { code, stdout, stderr } = await run({ url: await serving(body) });
        expect(code, body).to.equal(75);
        expect(stdout).to.equal("");
        expect(stderr, body).to.match(/no keeper at http:.*(no JSON|is no keeper's)/);
        server?.close();
      }
      const endless = await run({ url: await serving(`"${"x".repeat(17 * 1024 * 1024)}"`) });
      expect(endless.code).to.equal(75);
      expect(endless.stderr).to.contain("longer than a keeper's");
    });

    it("shows nothing that could deceive a terminal, as text and as JSON", async () => {
      const incident = { id: EVIL, state: "opened", contract: EVIL, cause: EVIL, blockNumber: 7, transaction: EVIL };
      const document = {
        ...{ state: "DIVERGED", isLeading: true, incidents: [incident, { ...incident, state: "closed" }] },
        ...{ sources: [{ id: EVIL, state: EVIL, reason: EVIL }, 7, null], conditions: [{ kind: EVIL, detail: EVIL }] },
        ...{ verdict: { kind: EVIL, findings: [{ contract: EVIL, cause: EVIL }] }, peers: [{ name: EVIL, isUp: 1 }] },
        readiness: { results: [{ name: EVIL, status: "fail", detail: EVIL, advice: EVIL }] },
        alerts: {
          standing: [{ level: "critical", title: EVIL, key: EVIL, acknowledged: { by: EVIL } }],
          sinks: [{ name: EVIL, failingSinceMs: 1, lastError: EVIL }],
        },
      };
      const handlers = { ...IDLE_HANDLERS, isReady: () => ({ ready: true, reason: EVIL }), status: () => document };
      const api = await startApi({ port: 0, handlers });
      for (const json of [false, true]) {
        const { stdout, code } = await run({ url: api.url, json });
        expect(code).to.equal(0);
        expect(stdout).not.to.match(/[\u001b\u202e]/); // eslint-disable-line no-control-regex
        expect(stdout).not.to.match(/^IN_SYNC/m);
        if (json) expect(JSON.parse(stdout)).to.deep.equal(document);
        else expect(stdout.match(/all is well/g)).to.have.length.above(12);
      }
      await api.close();
    });
  });
});
