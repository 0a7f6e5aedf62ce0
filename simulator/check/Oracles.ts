import type { Verdict } from "../../keeper/domain/Verdict.ts";
import type { Statement } from "../../keeper/domain/Statement.ts";
import { booksRoot } from "../../keeper/domain/booksRoot.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import type { Effect, IncidentReport } from "../../keeper/loop/ports.ts";
import type { SimBlock } from "../chain/Block.ts";
import type { Pool } from "../chain/Pool.ts";
import { CallData } from "../contracts/callData.ts";
import { hasEvilKeeper, type Plan } from "../plan/Plan.ts";
import type { KeeperProcess } from "../world/KeeperProcess.ts";
import { EVIL_KEEPER } from "../plan/Fault.ts";
import { Exits } from "./Exits.ts";
import type { Truth } from "./Truth.ts";
import type { Promised, Violation } from "./Violation.ts";

type EffectOf<Type extends Effect["type"]> = Extract<Effect, { type: Type }>;

/** What an intent says, as far as it is compared. */
interface Intent {
  readonly key: string;
  readonly nonce: number;
  readonly maxFeePerGas: bigint;
}

/** Records that a keeper writes in a slot at most; some ten are usual. */
const MAX_RECORDS = 100;
/** What proves an incident follows it within so long, where the keeper goes on. */
const EVIDENCE_MS = 30_000;

/** Where the hash of the block stands in the call of each pause. */
const NAMED_AT: Readonly<Record<string, number>> = { "soft-pause": 3, "side-pause": 3, "hard-pause": 4 };

/** Watches what keepers do, and says what breaks a promise. It never tells a keeper anything. */
export class Oracles {
  readonly violations: Violation[] = [];
  /** Pauses for a sound block that took effect, or were sent. */
  falsePauses = 0;
  readonly #plan: Plan;
  readonly #truth: Truth;
  readonly #pool: Pool;
  readonly #now: () => number;
  readonly #cover: (situation: string) => void;
  readonly #exits = new Exits();
  /** Roots that each keeper signed, over all its lives. */
  readonly #signed = new Map<string, Hash>();
  readonly #told = new Set<string>();
  /** Records of each keeper in each slot. */
  readonly #records = new Map<string, number>();
  /** Incidents that a life of a keeper has proved, perhaps before it opened them. */
  readonly #proved = new Set<string>();
  /** Incidents that a life of a keeper has opened. */
  readonly #opened = new Map<
    string,
    { readonly keeper: KeeperProcess; readonly epoch: number; readonly atMs: number }
  >();

  constructor(
    plan: Plan,
    parts: {
      readonly truth: Truth;
      readonly pool: Pool;
      readonly now: () => number;
      readonly cover: (situation: string) => void;
    },
  ) {
    this.#plan = plan;
    this.#cover = parts.cover;
    this.#truth = parts.truth;
    this.#pool = parts.pool;
    this.#now = parts.now;
  }

  /** A keeper is about to do something. */
  saw(keeper: KeeperProcess, effect: Effect): void {
    switch (effect.type) {
      case "block":
        this.#judged(keeper, effect.report.hash, effect.report.verdict);
        return;
      case "sign-typed-data":
        this.#signs(keeper, effect.statement);
        return;
      case "sign-transaction":
        this.#signsTransaction(keeper, effect);
        return;
      case "broadcast":
        this.#broadcasts(keeper, effect);
        return;
      case "latch":
        this.#latches(keeper, effect.detail);
        return;
      case "journal":
        this.#writes(keeper, effect);
        return;
      case "evidence":
        this.#proved.add(`${keeper.index} ${keeper.epoch} ${effect.transition.incidentId}`);
        return;
      default:
    }
  }

  /** A block of the chain was made. */
  made(block: SimBlock): void {
    for (const { kind, keeper, blockHash, incidentId } of block.effects) {
      if (kind === "checkpoint") {
        if (!this.#truth.isSound(blockHash))
          this.say("P1", keeper, `a checkpoint of block ${blockHash} was posted, which is not sound`);
        continue;
      }
      const isOfLiar = keeper === EVIL_KEEPER && hasEvilKeeper(this.#plan);
      if (this.#truth.isSound(blockHash) && !isOfLiar) {
        this.falsePauses += 1;
        this.say("P3", keeper, `a ${kind} for block ${blockHash}, with which nothing is wrong, took effect`);
      }
      const before = this.#effectsBelow(block, kind, incidentId);
      if (before > 0)
        this.say("P4", keeper, `incident ${String(incidentId)} has ${before + 1} effective transactions: ${kind}`);
    }
    this.#leaves(block);
  }

  /** Somebody wants to leave after a block of the chain. */
  #leaves(block: SimBlock): void {
    if (block.taint !== null) return;
    const overreach = this.#exits.overreach(block);
    if (overreach !== null) this.say("P7", null, overreach);
    const attempt = this.#exits.tryToLeave(block);
    if (attempt === null) return;
    const { refusal, excuse } = attempt;
    if (refusal === null) this.#cover("exit open");
    else if (excuse !== null) this.#cover(`exit shut: ${excuse}`);
    else this.say("P7", null, `nobody can leave after block ${block.number}, for no reason: ${refusal}`);
  }

  /** The faults are over since some time, and keepers run that are a quorum: who wants to leave can. */
  leavesAtEnd(block: SimBlock, quietSinceSeconds: number): void {
    const attempt = this.#exits.tryToLeave(block);
    if (attempt === null || attempt.refusal === null) return;
    const { excuse, until } = attempt;
    if (block.timestamp < Math.max(quietSinceSeconds, until)) return;
    this.say("P7", null, `nobody can leave after block ${block.number}, although all is well: ${String(excuse)}`);
  }

  /** A keeper started; what it knows comes from its journal. */
  started(keeper: KeeperProcess): void {
    if (keeper.disk.isRotten) this.say("P6", keeper.index, "it goes on from a journal in which a bit has changed");
  }

  /** The run is over. */
  end(): void {
    for (const [key, { keeper, epoch, atMs }] of this.#opened) {
      const isOver = keeper.epoch !== epoch || keeper.core === null || this.#now() - atMs < EVIDENCE_MS;
      if (isOver || this.#proved.has(key)) continue;
      this.say("P8", keeper.index, `nothing proves incident ${key.split(" ")[2] ?? ""}`);
    }
  }

  #writes(keeper: KeeperProcess, { kind, body }: EffectOf<"journal">): void {
    const { index, disk } = keeper;
    const slot = `${index} ${Math.floor(this.#now() / (this.#plan.blockSeconds * 1_000))}`;
    const count = (this.#records.get(slot) ?? 0) + 1;
    this.#records.set(slot, count);
    if (count === MAX_RECORDS) {
      this.say("bounds", index, `it writes ${MAX_RECORDS} records in one slot, the last of ${kind}`);
    }
    if (kind !== "incident") return;
    const { id, state, cause } = body as IncidentReport;
    const key = `${index} ${keeper.epoch} ${id}`;
    if (state === "orphaned") this.#opened.delete(key);
    if (state !== "opened") return;
    if (cause !== "ordered" && cause !== "view-diverged") {
      this.#opened.set(key, { keeper, epoch: keeper.epoch, atMs: this.#now() });
    }
    const last = disk.durable.findLast((record) => record.kind === kind && (record.body as IncidentReport).id === id);
    if (last === undefined) return;
    const before = (last.body as IncidentReport).state;
    if (before !== "orphaned" && before !== "closed") {
      this.say("P4", index, `incident ${id} is opened again, which is ${before}`);
    }
  }

  /** Notes a violation, each once. */
  say(promise: Promised, keeper: number | null, detail: string): void {
    const key = `${promise} ${keeper ?? ""} ${detail}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.violations.push({ promise, atMs: this.#now(), keeper, detail });
  }

  /** Earlier effective transactions of a kind for one incident. */
  #effectsBelow(block: SimBlock, kind: string, incidentId: Hash | null): number {
    let count = 0;
    for (let below = block.parent; below !== null; below = below.parent) {
      count += below.effects.filter((effect) => effect.kind === kind && effect.incidentId === incidentId).length;
    }
    return count;
  }

  #judged({ index }: KeeperProcess, hash: Hash, verdict: Verdict): void {
    const block = this.#truth.blockOf(hash);
    if (verdict.kind === "Diverged" && this.#truth.isSound(hash)) {
      this.say("P3", index, `block ${hash}, with which nothing is wrong, is called diverged`);
    }
    if (verdict.kind !== "InSync") return;
    if (block === undefined) return this.say("P1", index, `block ${hash} is in sync, which never was`);
    if (!block.isReal && this.#plan.isMajorityLying) return;
    if (!block.isReal) return this.say("P1", index, `block ${hash} of a liar is in sync`);
    if (block.taint !== null) {
      return this.say(
        "P1",
        index,
        `block ${block.number} is in sync; ${block.taint.kind} in ${block.taint.book} at ${block.taint.number}`,
      );
    }
    if (verdict.roots.join() !== block.state.roots.join()) {
      this.say("P1", index, `block ${block.number} is in sync with roots that the chain does not have`);
    }
  }

  #signs({ index, disk }: KeeperProcess, statement: Statement): void {
    if (statement.kind === "resume") return;
    if (statement.kind === "pause") {
      const { blockHash } = statement.certificate;
      if (this.#truth.isSound(blockHash)) this.say("P3", index, `a hard pause for sound block ${blockHash} is signed`);
      return;
    }
    const { attestation } = statement;
    const { blockHash, booksRoot: root } = attestation;
    const block = this.#truth.blockOf(blockHash);
    const isBelievable = block?.isReal === true || (block !== undefined && this.#plan.isMajorityLying);
    if (!isBelievable || block.taint !== null || booksRoot(block.state.roots) !== root) {
      this.say("P1", index, `roots are signed that block ${blockHash} does not have, or that must not be signed`);
    }
    const key = `${index} ${blockHash}`;
    const before = this.#signed.get(key);
    if (before !== undefined && before !== root) this.say("P4", index, `two roots are signed for block ${blockHash}`);
    this.#signed.set(key, root);
    const isDurable = disk.durable.some(({ kind, body }) => {
      const record = body as { readonly blockHash?: Hash; readonly booksRoot?: Hash };
      return kind === "signature" && record.blockHash === blockHash && record.booksRoot === root;
    });
    if (!isDurable) this.say("P4", index, `the roots of block ${blockHash} are signed before that is durable`);
  }

  #signsTransaction({ index, disk }: KeeperProcess, { key, request }: EffectOf<"sign-transaction">): void {
    const named = new CallData(request.data).hash(3);
    if (key === "pause" && this.#truth.isSound(named)) {
      this.say("P3", index, `a pause is signed for block ${named}, with which nothing is wrong`);
    }
    const isDurable = disk.durable.some(({ kind, body }) => {
      const intent = body as Intent;
      return (
        kind === "intent" &&
        intent.key === key &&
        intent.nonce === request.nonce &&
        intent.maxFeePerGas === request.maxFeePerGas
      );
    });
    if (!isDurable)
      this.say("P4", index, `nonce ${request.nonce} of the ${key} key is signed before its intent is durable`);
  }

  #broadcasts({ index }: KeeperProcess, { purpose, raw }: EffectOf<"broadcast">): void {
    const place = NAMED_AT[purpose];
    const request = this.#pool.signedAs(raw)?.request;
    if (place === undefined || request === undefined) return;
    const hash = new CallData(request.data).hash(place);
    if (!this.#truth.isSound(hash)) return;
    this.falsePauses += 1;
    this.say("P3", index, `a ${purpose} is sent for block ${hash}, with which nothing is wrong`);
  }

  #latches({ index, wasRotten }: KeeperProcess, detail: string): void {
    if (wasRotten || this.#plan.isMajorityLying) return;
    this.say("P6", index, `it latches itself without a cause: ${detail}`);
  }
}
