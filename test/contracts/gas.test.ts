import { expect } from "chai";
import hre, { network } from "hardhat";

import type { GasMeasure } from "../../bench/gas/GasRow.ts";
import { measureGas } from "../../bench/gas/measureGas.ts";
import { checkSnapshot, readSnapshot, toSnapshot, type SnapshotRow } from "../../bench/gas/snapshot.ts";

const HINT = "after a change that is meant: npm run bench:gas -- --update";

/** Contracts that are instrumented for coverage cost more. */
const isInstrumented = hre.globalOptions.coverage;

describe("gas", () => {
  (isInstrumented ? it.skip : it)("of every operation is what bench/gas.snapshot.json says", async () => {
    const found = checkSnapshot(await measureGas(network), await readSnapshot());
    expect(found.join("\n"), HINT).to.equal("");
  });

  describe("checkSnapshot", () => {
    const measures: readonly GasMeasure[] = [
      { operation: "deposit", gas: 80_000 },
      { operation: "trade-open", gas: 200_000 },
      { operation: "soft-pause", gas: 130_000, execution: 100_000 },
    ];
    const accepted = toSnapshot(measures, [], true);
    const changed = (index: number, changes: Partial<SnapshotRow>) =>
      checkSnapshot(measures, accepted.with(index, { ...accepted[index]!, ...changes }));

    it("finds nothing in what was accepted, targets that are missed included", () => {
      expect(accepted[0]).to.deep.equal({ operation: "deposit", gas: 80_000, target: 75_000, missedBy: 5_000 });
      expect(checkSnapshot(measures, accepted)).to.deep.equal([]);
    });

    it("finds one gas more or less", () => {
      for (const gas of [199_999, 200_001]) {
        expect(changed(1, { gas })).to.deep.equal([`trade-open: 200000 instead of ${gas}`]);
      }
    });

    it("lets only the calldata of an operation with hashes differ, and not by much", () => {
      expect(changed(2, { gas: 130_500 })).to.deep.equal([]);
      expect(changed(2, { gas: 131_000 })).to.deep.equal(["soft-pause: 130000 instead of 131000, more calldata"]);
      expect(changed(2, { execution: 99_999 })).to.deep.equal([
        "soft-pause: 100000 apart from calldata instead of 99999",
      ]);
    });

    it("finds rows that are missing or too many, and another target", () => {
      expect(checkSnapshot(measures.slice(1), accepted)).to.deep.equal(["deposit: in the snapshot, and not measured"]);
      expect(checkSnapshot(measures, accepted.slice(1))).to.deep.equal(["deposit: 80000, not in the snapshot"]);
      expect(changed(0, { target: 90_000 })).to.deep.equal(["deposit: target 90000 in the snapshot instead of 75000"]);
    });

    it("finds a target that is missed by more than an update accepts by itself", () => {
      const worse = [{ operation: "deposit", gas: 81_000 } as const];
      const updated = toSnapshot(worse, accepted, false);
      expect(updated).to.deep.equal([{ operation: "deposit", gas: 81_000, target: 75_000, missedBy: 5_000 }]);
      expect(checkSnapshot(worse, updated)).to.deep.equal(["deposit: 81000 is above what is accepted, 80000"]);
    });

    it("keeps what an update has gained", () => {
      const better = [{ operation: "deposit", gas: 76_000 } as const];
      const updated = toSnapshot(better, accepted, false);
      expect(updated[0]?.missedBy).to.equal(1_000);
      expect(toSnapshot(measures.slice(0, 1), updated, false)[0]?.missedBy).to.equal(1_000);
    });
  });
});
