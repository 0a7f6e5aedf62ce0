import { expect } from "chai";

import { SILENT } from "../../simulator/run/Journal.ts";
import { Script } from "../../simulator/run/Script.ts";
import { Simulation } from "../../simulator/run/Simulation.ts";
import { simulate } from "../../simulator/run/simulate.ts";
import { FINAL_DEPTH } from "../../simulator/world/Chain.ts";
import { GENESIS } from "../../simulator/world/genesis.ts";
import { planWith, slot } from "./plans.ts";

describe("what the simulator has found, and does not find again", function () {
  this.timeout(30_000);

  it("a keeper that invents incidents does not make the others sign and write without end", () => {
    const tamper = { kind: "tamper", how: "write", choice: 1, atMs: slot(4) } as const;
    const equivocate = { kind: "equivocate", keeper: 3, fromMs: slot(2), toMs: slot(28) } as const;
    // Two of four halt nothing until they have joined what the third calls it.
    const plan = planWith([tamper, equivocate], { keepers: 2, blocks: 24 });
    const { violations, coverage } = simulate(plan);
    expect(violations).to.deep.equal([]);
    expect(coverage["equivocating keeper heard"]).to.be.greaterThan(10);
  });

  it("books that change in memory are not said to be in sync with the roots that they have then", () => {
    const jump = { kind: "clock-jump", keeper: 0, seconds: 86_400, atMs: slot(5) } as const;
    const rot = { kind: "memory-rot", keeper: 0, choice: 66, atMs: slot(8) + 3_000 } as const;
    for (let seed = 1; seed <= 5; seed += 1) {
      expect(simulate(planWith([jump, rot], { seed })).violations, `seed ${seed}`).to.deep.equal([]);
    }
  });

  it("a conviction that fails again and again holds no checkpoint up, so that one key's pause ends", () => {
    // The simulated registry convicts nobody.
    const long = { mode: "liveness", blockSeconds: 120, blocks: 20, quietBlocks: 40, checkpointSeconds: 240 } as const;
    const fromMs = slot(3, long.blockSeconds);
    const equivocate = { kind: "equivocate", keeper: 3, fromMs, toMs: slot(9, long.blockSeconds) } as const;
    const pause = { kind: "false-pause", keeper: 3, atMs: slot(4, long.blockSeconds) } as const;
    const { violations, coverage } = simulate(planWith([equivocate, pause], { ...long, keepers: 4 }));
    expect(violations).to.deep.equal([]);
    expect(coverage["exit shut: soft"]).to.be.greaterThan(20);
    expect(coverage["exit open"]).to.be.greaterThan(20);
  });

  it("a signer that is away while a pause is needed is not asked at ever higher prices, each written down", () => {
    const blockSeconds = 120;
    const tamper = { kind: "tamper", how: "write", choice: 1, atMs: slot(4, blockSeconds) } as const;
    const fromMs = slot(3, blockSeconds);
    const away = { kind: "signer-loss", keeper: 0, key: "pause", fromMs, toMs: slot(6, blockSeconds) } as const;
    const { violations, coverage } = simulate(planWith([tamper, away], { blockSeconds, blocks: 12 }));
    expect(violations).to.deep.equal([]);
    expect(coverage["signer lost while pausing"]).to.be.greaterThan(200);
  });

  it("what was final before the books began is left behind, however far finality has moved in the meantime", () => {
    // A block is made every two seconds and nobody is heard for a minute: the final block is then above where the books began.
    const away = [0, 1, 2].map((source) => ({ kind: "down", source, fromMs: 13_000, toMs: 75_000 }) as const);
    const simulation = new Simulation(planWith(away, { blockSeconds: 2, blocks: 60 }), SILENT);
    const script = new Script(simulation);
    script.begin();
    simulation.queue.runUntil(script.endMs);
    const { final, head } = { final: simulation.keepers[0]?.core?.finalBlock, head: simulation.chain.head };
    expect(final?.number).to.be.within(GENESIS.block.number + 1, head.number - FINAL_DEPTH);
  });
});
