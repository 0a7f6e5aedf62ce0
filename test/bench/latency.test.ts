import { expect } from "chai";

import { checkTargets } from "../../bench/latency/checkTargets.ts";
import { IncidentChain } from "../../bench/latency/IncidentChain.ts";
import type { IncidentSample } from "../../bench/latency/IncidentSample.ts";
import type { LatencyReport, LatencyRow } from "../../bench/latency/LatencyReport.ts";
import { measureIncidents } from "../../bench/latency/measureIncidents.ts";
import { SEND_SYSTEMS } from "../../bench/latency/measureSends.ts";
import { PEER_SYSTEMS } from "../../bench/latency/peers.ts";
import { Program } from "../../bench/latency/Program.ts";
import { renderReport } from "../../bench/latency/renderReport.ts";
import { countBlocks, NOTICE, ownName, SEND, STAGES, toIncidentRows, toSendRows } from "../../bench/latency/toRows.ts";
import { wait } from "../../keeper/chain/sources/wait.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { SeededRandom } from "../../scripts/local/SeededRandom.ts";

const SILENT = { say: () => undefined, signal: new AbortController().signal };

/** The n-th of ten: every stage takes n milliseconds. */
function sample(n: number, noticedMs = new Map([["peer", 100 * n]])): IncidentSample {
  const times = { nodeMs: n, verdictMs: n, broadcastMs: n, acceptedMs: n, includedMs: n };
  return { slots: 10_012, ...times, blocksToInclusion: n > 9 ? 2 : 1, noticedMs };
}

function row(system: string, stage: string, medianMs: number): LatencyRow {
  return { system, stage, runs: 1, medianMs, p90Ms: medianMs };
}

describe("bench:latency", () => {
  describe("toIncidentRows", () => {
    // In an order that is not theirs.
    const samples = [7, 3, 10, 1, 9, 2, 8, 4, 6, 5].map((n) => sample(n));
    const rows = toIncidentRows(samples);

    it("has a row for each stage, with median and 90th percentile by nearest rank", () => {
      const system = "lockstep, 10,012 slots";
      expect(rows.slice(0, 2)).to.deep.equal([
        { system, stage: "node", runs: 10, medianMs: 5, p90Ms: 9 },
        { system, stage: "verdict", runs: 10, medianMs: 5, p90Ms: 9 },
      ]);
      expect(rows.filter((found) => found.system === system).map(({ stage }) => stage)).to.deep.equal(
        Object.values(STAGES),
      );
    });

    it("sums the stages run by run", () => {
      const medians = Object.fromEntries(rows.map(({ stage, medianMs }) => [stage, medianMs]));
      expect(medians).to.include({
        [STAGES.own]: 10,
        [STAGES.minedToVerdict]: 10,
        [STAGES.minedToBroadcast]: 15,
        [STAGES.minedToIncluded]: 20,
      });
    });

    it("has one row for each peer", () => {
      expect(rows.at(-1)).to.deep.equal({ system: "peer", stage: NOTICE, runs: 10, medianMs: 500, p90Ms: 900 });
    });

    it("counts blocks, the worst apart", () => {
      expect(countBlocks(samples)).to.deep.equal({ runs: 10, median: 1, worst: 2 });
      expect(countBlocks([])).to.equal(null);
    });

    it("has no rows without runs", () => {
      expect(toIncidentRows([])).to.deep.equal([]);
    });
  });

  describe("checkTargets", () => {
    const slots = { beside: 100, full: 10_012 };
    const [slowDefault, , fastDefault, fastShortest, pushed] = PEER_SYSTEMS.map(({ system }) => system);
    const rows = [
      row(ownName(100), STAGES.minedToBroadcast, 50),
      row(ownName(100), STAGES.own, 30),
      row(ownName(10_012), STAGES.minedToBroadcast, 300),
      row(ownName(10_012), STAGES.own, 10),
      row(slowDefault ?? "", NOTICE, 7_000),
      row(fastDefault ?? "", NOTICE, 499),
      row(fastShortest ?? "", NOTICE, 150),
      row(pushed ?? "", NOTICE, 20),
      ...toSendRows(
        new Map([
          [SEND_SYSTEMS.lockstep, [1]],
          [SEND_SYSTEMS.viem, [1.9]],
          [SEND_SYSTEMS.ethers, [4]],
        ]),
      ),
    ];

    it("judges each by its own books, and by the best peer of a pace", () => {
      const found = checkTargets(rows, slots, { runs: 3, median: 2, worst: 4 });
      expect(found.map(({ value, isMet }) => [value, isMet])).to.deep.equal([
        [10, true],
        [50, true],
        [1 / 1.9, false],
        [0.25, true],
        [9.98, false],
        [3, true],
        [4, false],
      ]);
    });

    it("says nothing of what was not measured", () => {
      const found = checkTargets([], { beside: null, full: null }, null);
      expect(found).to.have.length(7);
      expect(found.every(({ value, isMet }) => value === null && isMet === null)).to.equal(true);
    });
  });

  it("renders tables whose columns align, and only what was measured", () => {
    const rows = [row("lockstep", SEND, 0.1234), row("ethers", SEND, 12_345.6)];
    const target = { name: "sends", bound: "most", target: 0.5, unit: "times", value: 0.3, isMet: true } as const;
    const report: LatencyReport = {
      ...{ seed: 7, slots: { beside: null, full: null }, rows },
      blocks: { ordinary: { runs: 3, median: 1, worst: 2 }, baseFeeTimes1000: null },
      targets: [target, { ...target, name: "never", value: null, isMet: null }],
    };
    expect(renderReport(report).split("\n")).to.deep.equal([
      "Seed 7.",
      "",
      "| system   | stage                | runs | median ms | p90 ms |",
      "| -------- | -------------------- | ---: | --------: | -----: |",
      "| lockstep | decision to accepted |    1 |     0.123 |  0.123 |",
      "| ethers   | decision to accepted |    1 |    12,346 | 12,346 |",
      "",
      "Blocks to inclusion, ordinary: 1 in the median of 3, 2 at worst.",
      "",
      "| target | asked        | found |     |",
      "| ------ | ------------ | ----- | --- |",
      "| sends  | <= 0.5 times | 0.300 | met |",
    ]);
  });

  describe("Program", () => {
    const options = { name: "echo", cwd: import.meta.dirname, deadlineMs: 20_000, signal: SILENT.signal };
    const isHello = ({ said }: { readonly said: string }): boolean => said === "hello";

    it("hears what a program says, and ends it", async () => {
      const script = `console.log('{"said":"hello","pid":' + process.pid + "}"); setInterval(() => {}, 1000);`;
      const program = new Program({ ...options, parameters: ["-e", script] });
      const { pid } = await program.until("hello", isHello, 10_000);
      await program.stop();
      expect(() => process.kill(Number(pid), 0)).to.throw("ESRCH");
    }).timeout(20_000);

    it("tells the last lines of a program that ends before its time", async () => {
      const program = new Program({ ...options, parameters: ["-e", `console.error("no such thing")`] });
      const fault = await program.until("hello", isHello, 10_000).catch((error: unknown) => error);
      expect(KeeperError.is(fault, "BenchProgram")).to.equal(true);
      expect((fault as KeeperError).message)
        .to.include("ended before it said hello")
        .and.include("no such thing");
    }).timeout(20_000);

    it("ends with the program that started it, even one that is killed", async () => {
      const inner = `console.log('{"said":"inner","pid":' + process.pid + "}"); setInterval(() => {}, 1000);`;
      const outer = `
        const { Program } = await import(${JSON.stringify(new URL("../../bench/latency/Program.ts", import.meta.url))});
        const signal = new AbortController().signal;
        const own = { name: "inner", cwd: process.cwd(), deadlineMs: 20000, signal, parameters: ["-e", ${JSON.stringify(inner)}] };
        const { pid } = await new Program(own).until("inner", ({ said }) => said === "inner", 10000);
        console.log(JSON.stringify({ said: "hello", pid }));`;
      const program = new Program({ ...options, parameters: ["--input-type=module", "-e", outer] });
      const { pid } = await program.until("hello", isHello, 15_000);
      // Its group is another: nothing but the channel between the two can end it.
      await program.stop();
      const isGone = (): boolean => {
        try {
          return !process.kill(Number(pid), 0);
        } catch {
          return true;
        }
      };
      for (let turn = 0; turn < 100 && !isGone(); turn += 1) await wait(50, SILENT.signal);
      expect(isGone()).to.equal(true);
    }).timeout(30_000);
  });

  it("stages an incident before a keeper that is a process, and takes the chain back", async () => {
    const chain = await IncidentChain.open({ accounts: 20, ...SILENT });
    try {
      const head = await chain.headNumber();
      const [found] = await measureIncidents(chain, { runs: 1, peers: [], random: new SeededRandom(3), ...SILENT });
      expect(found?.blocksToInclusion).to.be.within(1, 5);
      expect(found?.slots).to.be.within(80, 120);
      const { nodeMs, verdictMs, broadcastMs, acceptedMs, includedMs } = found!;
      for (const ms of [nodeMs, verdictMs, broadcastMs, acceptedMs]) expect(ms).to.be.within(0, 10_000);
      expect(includedMs).to.be.greaterThan(0);
      expect(await chain.headNumber()).to.equal(head);
    } finally {
      await chain.close();
    }
  }).timeout(90_000);
});
