import { expect } from "chai";

import { buildBundle } from "../../../../keeper/evidence/bundle/buildBundle.ts";
import type { Bundle } from "../../../../keeper/evidence/bundle/Bundle.ts";
import { writeBundleText } from "../../../../keeper/evidence/bundle/bundleText.ts";
import { verifyBundle } from "../../../../keeper/evidence/bundle/verifyBundle.ts";
import type { Judge } from "../../../../keeper/loop/Judge.ts";
import type { FetchedBlock } from "../../../../keeper/loop/FetchedBlock.ts";
import { Outbox } from "../../../../keeper/loop/Outbox.ts";
import { Transitions } from "../../../../keeper/loop/Transitions.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";
import { createKeeper } from "../../../../testing/createKeeper.ts";
import type { Rpc } from "../../../../testing/Rpc.ts";
import { DepositChain } from "../../loop/secondOpinionChain.ts";
import { DEPOSITED, DEPOSITED_IMMUTABLES, quoteSlotOf } from "../../loop/secondOpinionDeposits.ts";
import { finish, settle } from "./bundleOf.ts";

/** Two slots each. */
const ACCOUNTS = 20_000;
const IN_BLOCK = 2_500;
const MEBIBYTE = 1024 * 1024;

describe("a bundle of a step with 10,000 slots", function () {
  this.timeout(300_000);
  let driver: InProcessKeeper;
  let chain: DepositChain;

  before(async () => {
    chain = new DepositChain([]);
    let isDumb = false;
    const rpc: Rpc = {
      request: (method, params) => {
        if (isDumb && method === "eth_getProof") return Promise.reject(new Error("no proofs"));
        return chain.request(method, params);
      },
    };
    driver = createKeeper(DEPOSITED, DEPOSITED_IMMUTABLES, { rpcs: { node: rpc } });
    await driver.hear("node", chain.list());
    const some = (first: number, step: number): number[] =>
      Array.from({ length: IN_BLOCK }, (_, index) => first + step * index);
    for (let first = 0; first < ACCOUNTS; first += IN_BLOCK) await driver.hear("node", chain.deposit(some(first, 1)));
    expect(driver.verdict.kind).to.equal("InSync");
    // Two blocks of 5,000 slots in one step, spread over all of them.
    isDumb = true;
    await driver.hear("node", chain.deposit(some(0, 8)));
    for (let tick = 0; tick < 10; tick += 1) await driver.tick(1_000);
    isDumb = false;
    await driver.hear("node", chain.deposit(some(4, 8), { book: "PositionLedger", slot: quoteSlotOf(415) }));
    expect(driver.verdict.kind).to.equal("Diverged");
    await settle(driver, false);
  });

  it("is made in pieces, is no larger than a mail takes, and is confirmed", () => {
    const { transition } = driver.all("evidence").at(-1)!;
    const startedAt = performance.now();
    const pieces = buildBundle({ transition, located: null, software: "test", exchanges: [] });
    // Processor time of this thread: what others of the machine do meanwhile is no matter.
    const times: number[] = [];
    let bundle: Bundle | null = null;
    while (bundle === null) {
      const at = process.threadCpuUsage();
      const piece = pieces.next();
      const { user, system } = process.threadCpuUsage(at);
      times.push((user + system) / 1_000);
      if (piece.done === true) bundle = piece.value;
    }
    const builtMs = performance.now() - startedAt;
    const text = writeBundleText(bundle);
    const writtenMs = performance.now() - startedAt - builtMs;
    const at = performance.now();
    const shown = verifyBundle(text);
    const verifiedMs = performance.now() - at;
    const longest = [...times].sort((one, other) => other - one).slice(0, 3);
    console.log(
      `      ${(text.length / MEBIBYTE).toFixed(2)} MiB, built in ${builtMs.toFixed(0)} ms and ${times.length} pieces, the longest ` +
        `${longest.map((ms) => ms.toFixed(0)).join(", ")} ms; as text in ${writtenMs.toFixed(0)} ms; verified in ${verifiedMs.toFixed(0)} ms`,
    );
    expect(shown, shown.reason).to.include({ result: "confirmed", level: "root-only" });
    expect(text.length).to.be.lessThan(16 * MEBIBYTE);
    // In one go the replay of a block takes 300 ms of processor time.
    expect(longest[0]).to.be.lessThan(100);
  });

  it("is the same where the books go on meanwhile, in pieces that are no longer", async () => {
    const { transition } = driver.all("evidence").at(-1)!;
    const pieces = buildBundle({ transition, located: null, software: "test", exchanges: [] });
    const still = finish(buildBundle({ transition, located: null, software: "test", exchanges: [] }));
    const times: number[] = [];
    let blocks = 0;
    for (;;) {
      const at = process.threadCpuUsage();
      const piece = pieces.next();
      const { user, system } = process.threadCpuUsage(at);
      times.push((user + system) / 1_000);
      if (piece.done === true) {
        expect(writeBundleText(piece.value) === writeBundleText(still), "the same text").to.equal(true);
        break;
      }
      // About every second.
      if (times.length % 400 !== 0) continue;
      blocks += 1;
      await driver.hear("node", chain.deposit(Array.from({ length: 50 }, (_, index) => 3 * index + blocks)));
    }
    times.sort((one, other) => other - one);
    console.log(
      `      ${blocks} blocks meanwhile, the longest pieces ${times
        .slice(0, 3)
        .map((ms) => ms.toFixed(0))
        .join(", ")} ms`,
    );
    expect(blocks).to.be.greaterThan(2);
    expect(times[0]).to.be.lessThan(100);
  });

  it("leaves out what does not fit, the least needed first, and says so", () => {
    const { transition } = driver.all("evidence").at(-1)!;
    const make = (maxBytes: number): Bundle => {
      const pieces = buildBundle({
        transition,
        located: null,
        software: "test",
        exchanges: ["x".repeat(MEBIBYTE)],
        maxBytes,
      });
      for (let piece = pieces.next(); ; piece = pieces.next()) if (piece.done === true) return piece.value;
    };
    const whole = make(16 * MEBIBYTE);
    expect(whole.manifest.omitted).to.deep.equal([]);
    const size = writeBundleText(whole).length;
    const shorter = make(size);
    expect(writeBundleText(shorter).length).to.be.at.most(size);
    expect(shorter.manifest.omitted.map(({ role }) => role)).to.deep.equal(["exchanges"]);
    expect(verifyBundle(writeBundleText(shorter)).result).to.equal("confirmed");
    const tiny = make(MEBIBYTE);
    expect(tiny.manifest.level).to.equal("incomplete");
    expect(verifyBundle(writeBundleText(tiny)).result).to.equal("incomplete");
  });

  it("costs the verdict next to nothing: references are taken, no more", () => {
    const { facts, options } = driver.all("evidence").at(-1)!.transition;
    const { books } = driver.keeper;
    const block = facts.blocks.at(-1)!;
    const { findings } = facts;
    const found = { findings, detail: "", isOwnFault: false, base: facts.base!.hash, blocks: [] };
    const judge = { found, isAgreed: () => true } as unknown as Judge;
    const fetched = {
      ...{
        hash: block.hash,
        header: block.header,
        encoding: block.encoding,
        proven: block.proven,
        frames: block.frames,
      },
      ...{ facts: { header: block.header, logs: block.logs }, served: { source: "node", answers: block.accounts } },
      custody: new Map(),
    } as unknown as FetchedBlock;
    const times: number[] = [];
    for (let round = 0; round < 50; round += 1) {
      const transitions = new Transitions(options, { books, judge, outbox: new Outbox() });
      const { number, hash, parentHash, timestamp } = block.header;
      const at = performance.now();
      transitions.see(fetched, { number, hash, parentHash, timestamp, logs: block.logs });
      times.push(performance.now() - at);
    }
    times.sort((one, other) => one - other);
    console.log(
      `      ${times[25]!.toFixed(3)} ms in the median, ${times[45]!.toFixed(3)} ms at nine in ten, for ${block.logs.length} logs`,
    );
    expect(times[25]).to.be.lessThan(2);
  });
});
