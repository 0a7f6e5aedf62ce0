import { expect } from "chai";

import { PROFILES } from "../../../keeper/domain/chainProfile.ts";
import {
  checkClients,
  checkFinality,
  checkOperators,
  checkProvers,
  checkReceipts,
  checkTransports,
} from "../../../keeper/probes/fleet.ts";
import type { ProbeStatus } from "../../../keeper/probes/Probe.ts";
import type { SourceReport } from "../../../keeper/probes/SourceReport.ts";

/** A source of an operator with these findings. */
function source(operator: string, found: Partial<SourceReport> & Record<string, unknown> = {}): SourceReport {
  const { client = "geth", transport = "webSocket", ...statuses } = found;
  const results = Object.entries(statuses).map(([name, status]) => {
    return { name, status: status as ProbeStatus, detail: "" };
  });
  return { id: operator, operator, client, transport, url: "", results };
}

const PROVES = { header: "ok", "account proof": "ok", "EIP-1898": "ok" };

describe("probes over all sources", () => {
  it("counts operators, not sources", () => {
    const [a, b, c] = [source("a"), source("b"), source("c")];
    expect(checkOperators([a, b, c], false)).to.deep.include({
      status: "ok",
      detail: "3 operators, k = 2, 1 may fail",
    });
    expect(checkOperators([a, b], false)).to.deep.include({ status: "warn", detail: "2 operators, k = 2, 0 may fail" });
    expect(checkOperators([a, a, a], false)).to.include({ status: "fail" });
    expect(checkOperators([a], true)).to.include({ status: "warn" });
  });

  it("warns of one client only, and of none declared", () => {
    expect(checkClients([source("a"), source("b", { client: "reth" })])).to.include({ status: "ok" });
    expect(checkClients([source("a"), source("b", { client: "Geth" })]).detail).to.equal("only geth");
    expect(checkClients([source("a"), source("b", { client: "unknown" })])).to.include({ status: "warn" });
    expect(checkClients([source("a", { client: "unknown" })]).detail).to.equal("no client is declared");
  });

  it("warns when nobody pushes heads", () => {
    expect(checkTransports([source("a", { transport: "http" })])).to.include({ status: "warn" });
    expect(checkTransports([source("a", { transport: "http" }), source("b")]).detail).to.equal("1 pushed, 1 polled");
  });

  it("says what follows when nobody, or one operator alone, proves", () => {
    const none = checkProvers([source("a", { ...PROVES, "account proof": "fail" }), source("b")]);
    expect(none.status).to.equal("fail");
    expect(none.advice).to.contain("Unknown (no-proof)");
    // Proofs are asked for by hash.
    expect(checkProvers([source("a", { ...PROVES, "EIP-1898": "skip" })])).to.include({ status: "fail" });
    expect(checkProvers([source("a", PROVES), source("b")])).to.include({ status: "warn", detail: "only a proves" });
    expect(checkProvers([source("a", PROVES), source("a", PROVES)])).to.include({ status: "warn" });
    expect(checkProvers([source("a", PROVES), source("b", PROVES)])).to.include({ status: "ok" });
  });

  it("says what follows when nobody serves receipts", () => {
    expect(checkReceipts([source("a", { receipts: "skip" })])).to.include({ status: "skip" });
    expect(checkReceipts([source("a", { receipts: "fail" })])).to.include({ status: "fail" });
    expect(checkReceipts([source("a", { receipts: "warn" })])).to.include({ status: "warn" });
    expect(checkReceipts([source("a", { receipts: "ok" }), source("b", { receipts: "warn" })])).to.include({
      status: "ok",
    });
  });

  it("says what makes a block final", () => {
    const tells = { finalized: "ok", safe: "ok" };
    const three = [source("a", tells), source("b", tells), source("c", { finalized: "warn", safe: "warn" })];
    expect(checkFinality(three, PROFILES.local).detail).to.equal("profile local: final after 64 confirmations");
    expect(checkFinality(three, PROFILES.ethereum)).to.include({ status: "ok" });
    expect(checkFinality(three.slice(1), { ...PROFILES.ethereum, finality: "safe" })).to.include({ status: "warn" });
    const nobody = checkFinality([source("c", { finalized: "warn" })], PROFILES.ethereum);
    expect(nobody.status).to.equal("warn");
    expect(nobody.advice).to.contain("3 confirmations");
  });
});
