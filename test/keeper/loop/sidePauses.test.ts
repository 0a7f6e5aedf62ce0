import { expect } from "chai";

import { Bids } from "../../../keeper/loop/Bids.ts";

import { encodeSoftPause } from "../../../keeper/actions/plan/calls.ts";
import type { BookBlock } from "../../../keeper/books/BookBlock.ts";
import type { Header } from "../../../keeper/chain/verify/header.ts";
import type { Finding } from "../../../keeper/domain/Finding.ts";
import { settingsHash } from "../../../keeper/domain/settingsHash.ts";
import { POLICY_DEFAULTS, type Policy } from "../../../keeper/domain/policy.ts";
import type { Address } from "../../../keeper/lib/hex.ts";
import { newBlock } from "../../../keeper/loop/FetchedBlock.ts";
import { incidentOf } from "../../../keeper/loop/incidentOf.ts";
import type { KeeperOptions } from "../../../keeper/loop/KeeperOptions.ts";
import type { Effect } from "../../../keeper/loop/ports.ts";
import type { SideVerdict } from "../../../keeper/loop/SideBranches.ts";
import { settingsOf } from "../../../keeper/loop/settingsOf.ts";
import { SidePauses } from "../../../keeper/loop/SidePauses.ts";
import { AskedOutbox } from "../../helpers/keeper/AskedOutbox.ts";
import { hashOf } from "../../helpers/keeper/blockTree.ts";
import { ADDRESSES } from "../../helpers/keeper/inventedBlocks.ts";

const PAUSER: Address = `0x${"fa".repeat(20)}`;
const HOUR_MS = 3_600_000;
const MAX_FRUITLESS = 4;
const GWEI = 10n ** 9n;

describe("SidePauses", () => {
  let outbox: AskedOutbox;
  let options: KeeperOptions;
  let pauses: SidePauses;
  let count = 0;

  function open(changes: Partial<KeeperOptions> = {}, mode: Policy["mode"] = "act"): void {
    outbox = new AskedOutbox();
    const policy = {
      mode,
      isLocalChain: true,
      allowSingleSource: false,
      checkpointIntervalSeconds: 300,
      ...POLICY_DEFAULTS,
    };
    const own = {
      chainId: 31_337,
      addresses: ADDRESSES,
      pauser: PAUSER,
      maxFeePerGas: 1_000n * GWEI,
      policy,
      sources: [],
    };
    options = { ...own, ...changes } as unknown as KeeperOptions;
    pauses = new SidePauses(options, outbox, new Bids());
  }

  beforeEach(() => {
    open();
  });

  /** A branch's newest block, which diverges since the block before; another one each time. */
  function divergent(rest: Partial<SideVerdict> = {}, nonce: number | null = 7): SideVerdict {
    count += 1;
    const hash = hashOf(`side ${count}`);
    const fetched = newBlock(hash, true, 0);
    fetched.header = { hash, number: 50, baseFeePerGas: 20n * GWEI } as Header;
    if (nonce !== null) fetched.nonces = new Map([[PAUSER, nonce]]);
    const finding: Finding = {
      ...{ cause: "unexplained-write", contract: "PositionLedger", detail: "roots differ", logIndex: null },
      ...{ blockNumber: 49, blockHash: hashOf("divergent") },
    };
    const tip = { number: 50, hash, parentHash: finding.blockHash, timestamp: 0, logs: [] } satisfies BookBlock;
    return { findings: [finding], tip, fetched, base: null, blocks: [fetched], sources: ["c"], ...rest };
  }

  const of = <Type extends Effect["type"]>(type: Type): Extract<Effect, { type: Type }>[] =>
    outbox.others.filter((effect): effect is Extract<Effect, { type: Type }> => effect.type === type);

  /** The intent is written, the transaction is signed. */
  function carryOut(): void {
    for (const { id } of of("journal")) pauses.journalled({ type: "journalled", id, nowMs: 0 });
    for (const { id } of of("sign-transaction")) {
      pauses.signed({ type: "signed", id, raw: "0xf00d", hash: hashOf("sent"), nowMs: 0 });
    }
  }

  it("sends one pause, bound to the branch's divergent block, with the nonce that the branch proves", () => {
    const verdict = divergent();
    pauses.open(verdict, 0);
    const [finding] = verdict.findings;
    const incidentId = incidentOf(options, finding!);
    const { blockNumber, blockHash } = finding!;
    const named = { blockNumber, blockHash, nonce: 7, attempt: 0, baseFeePerGas: 20n * GWEI };
    const fees = { maxFeePerGas: 63n * GWEI, maxPriorityFeePerGas: 2n * GWEI };
    expect(of("journal").map(({ kind, body }) => [kind, body])).to.deep.equal([
      ["intent", { key: "pause", purpose: "side-pause", incidentId, causeClass: "books", ...named, ...fees }],
    ]);
    carryOut();
    const evidenceHash = settingsHash({ findings: verdict.findings, settings: settingsOf(options) });
    const [signed] = of("sign-transaction");
    expect(signed).to.deep.include({ key: "pause" });
    expect(signed!.request).to.deep.include({
      chainId: 31_337,
      to: ADDRESSES.SyncGuard,
      nonce: 7,
      data: encodeSoftPause({ incidentId, causeClass: "books", blockNumber, blockHash, evidenceHash }),
    });
    // What the branch's own base fee asks for.
    expect(signed!.request.maxFeePerGas).to.equal(63n * GWEI);
    expect(of("broadcast").map(({ purpose, raw }) => [purpose, raw])).to.deep.equal([["side-pause", "0xf00d"]]);
  });

  it("signs nothing before the intent is durable, and sends nothing before it is signed", () => {
    pauses.open(divergent(), 0);
    expect(outbox.others.map(({ type }) => type)).to.deep.equal(["alert", "journal"]);
    const [intent] = of("journal");
    expect(pauses.signed({ type: "signed", id: intent!.id, raw: "0x", hash: hashOf("x"), nowMs: 0 })).to.equal(false);
    pauses.journalled({ type: "journalled", id: intent!.id, nowMs: 0 });
    expect(outbox.others.map(({ type }) => type)).to.deep.equal(["alert", "journal", "sign-transaction"]);
    const [signature] = of("sign-transaction");
    expect(pauses.journalled({ type: "journalled", id: signature!.id, nowMs: 0 })).to.equal(false);
    expect(of("broadcast")).to.deep.equal([]);
  });

  it("does each step once, and takes nobody else's", () => {
    pauses.open(divergent(), 0);
    carryOut();
    carryOut();
    expect([of("sign-transaction").length, of("broadcast").length]).to.deep.equal([1, 1]);
    expect(pauses.journalled({ type: "journalled", id: 99, nowMs: 0 })).to.equal(false);
    expect(pauses.signed({ type: "signed", id: 99, raw: "0x", hash: hashOf("x"), nowMs: 0 })).to.equal(false);
  });

  it("offers the same again where its signer was away, and more where it was not", () => {
    for (const isAway of [true, false, false]) {
      pauses.open(divergent(), 0);
      if (!isAway) {
        carryOut();
        continue;
      }
      for (const { id } of of("journal")) pauses.journalled({ type: "journalled", id, nowMs: 0 });
      const [asked] = of("sign-transaction");
      const away = { type: "sign-failed", id: asked!.id, code: "SignerFailed", message: "away", nowMs: 0 } as const;
      expect(pauses.signFailed(away)).to.equal(true);
      expect(pauses.signFailed(away)).to.equal(false);
    }
    expect(of("journal").map(({ body }) => (body as { attempt: number }).attempt)).to.deep.equal([0, 0, 1]);
  });

  it("says each branch's divergence once for each of its newest blocks, and pauses once for it", () => {
    const verdict = divergent();
    for (let time = 0; time < 5; time += 1) pauses.open(verdict, time);
    pauses.open(divergent(), 5);
    expect([of("alert").length, of("journal").length]).to.deep.equal([2, 2]);
    expect(of("alert")[0]).to.deep.include({ level: "critical", event: "side-branch-diverged" });
    expect(of("alert")[0]!.detail).to.equal(
      "PositionLedger: unexplained-write in block 50 of c, which is not followed",
    );
  });

  it("pays for four an hour of the same sources, and for those of others besides", () => {
    for (let time = 0; time < 10; time += 1) pauses.open(divergent(), time);
    expect([of("journal").length, of("alert").length]).to.deep.equal([MAX_FRUITLESS, 10]);
    for (const sources of [["d"], ["c", "d"]]) {
      for (let time = 0; time < 10; time += 1) pauses.open(divergent({ sources }), time);
    }
    expect(of("journal")).to.have.length(3 * MAX_FRUITLESS);
    // Each of them is an hour old one by one.
    pauses.open(divergent(), HOUR_MS - 1);
    expect(of("journal")).to.have.length(3 * MAX_FRUITLESS);
    pauses.open(divergent(), HOUR_MS);
    pauses.open(divergent(), HOUR_MS);
    expect(of("journal")).to.have.length(3 * MAX_FRUITLESS + 1);
    pauses.open(divergent(), HOUR_MS + 1);
    expect(of("journal")).to.have.length(3 * MAX_FRUITLESS + 2);
  });

  for (const [name, changes, mode, nonce] of [
    ["there is no pause key", { pauser: null }, "act", 7],
    ["the keeper only watches", {}, "watch", 7],
    ["the keeper only alerts", {}, "alert", 7],
    ["the branch proves no nonce", {}, "act", null],
  ] as const) {
    it(`says it and sends nothing where ${name}`, () => {
      open(changes, mode);
      pauses.open(divergent({}, nonce), 0);
      expect(outbox.others.map(({ type }) => type)).to.deep.equal(["alert"]);
    });
  }

  it("spends no budget on what it does not send", () => {
    for (let time = 0; time < 10; time += 1) pauses.open(divergent({}, null), time);
    pauses.open(divergent(), 10);
    expect(of("journal")).to.have.length(1);
  });

  it("says nothing of a branch without a finding", () => {
    pauses.open(divergent({ findings: [] }), 0);
    expect(outbox.others).to.deep.equal([]);
  });

  it("carries several out at once, each with the block that diverges", () => {
    const verdicts = [divergent({}, 3), divergent({}, 4)];
    for (const verdict of verdicts) pauses.open(verdict, 0);
    carryOut();
    const calls = of("sign-transaction").map(({ request }) => [request.nonce, request.data.includes("0x")]);
    expect(calls.map(([nonce]) => nonce)).to.deep.equal([3, 4]);
    for (const [index, { findings }] of verdicts.entries()) {
      expect(of("sign-transaction")[index]!.request.data).to.include(findings[0]!.blockHash.slice(2));
    }
  });
});
