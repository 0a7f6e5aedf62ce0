import { keccak256Hex } from "../../keeper/lib/keccak.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { booksRoot } from "../../keeper/domain/booksRoot.ts";
import type { SignedStatement, Statement } from "../../keeper/domain/Statement.ts";
import { statementDigest } from "../../keeper/domain/statementDigest.ts";
import { cursor } from "../../keeper/books/naive/syncStorage.ts";
import { ancestorOf, type SimBlock } from "../chain/Block.ts";
import { signIdeally } from "../contracts/idealSignature.ts";
import { softPauseFor } from "../contracts/softPauseFor.ts";
import { EVIL_KEEPER, type Fault, type FaultOf } from "../plan/Fault.ts";
import { isOnBranch, type NextBlock } from "../world/Chain.ts";
import { GENESIS } from "../world/genesis.ts";
import type { Simulation } from "./Simulation.ts";

const PROPAGATION_MS = [10, 350] as const;

/** What happens when: the slots of the chain, and every fault of the plan. */
export class Script {
  readonly #simulation: Simulation;
  readonly #slotMs: number;
  /** Slots up to which nobody makes a block. */
  #missedUntilMs = 0;
  readonly #missed = new Set<Fault>();
  #order = 0;
  /** Heads of liars who make blocks of their own, by their fault. */
  readonly #liars = new Map<FaultOf<"lie">, SimBlock>();
  #lastSlotMs = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#slotMs = simulation.plan.blockSeconds * 1_000;
  }

  /** Plans everything. */
  begin(): void {
    const { plan, keepers, queue } = this.#simulation;
    for (const keeper of keepers) queue.at(keeper.index * 37, () => keeper.start());
    for (let slot = 1; slot <= plan.blocks + plan.quietBlocks; slot += 1) {
      queue.at(slot * this.#slotMs, () => this.#slot());
    }
    for (const fault of plan.faults) this.#plan(fault);
  }

  get endMs(): number {
    const { blocks, quietBlocks } = this.#simulation.plan;
    return (blocks + quietBlocks) * this.#slotMs + this.#slotMs / 2;
  }

  // The chain

  #slot(): void {
    const { queue, chain, truth, oracles } = this.#simulation;
    const { nowMs } = queue;
    const due = this.#due(this.#lastSlotMs, nowMs);
    for (const fault of due) {
      if (fault.kind !== "missed-slots" || this.#missed.has(fault)) continue;
      this.#missed.add(fault);
      this.#missedUntilMs = nowMs + fault.slots * this.#slotMs;
    }
    if (nowMs < this.#missedUntilMs) return;
    this.#lastSlotMs = nowMs;
    const next = this.#next(due, nowMs);
    const reorg = due.find((fault): fault is FaultOf<"reorg"> => fault.kind === "reorg");
    const before = chain.head;
    const head = reorg === undefined ? chain.grow(next) : chain.reorg(reorg.depth, next);
    truth.add(head);
    const fresh = this.#freshOf(head, before);
    for (const block of fresh) oracles.made(block);
    this.#tellOf(head, fresh.length, reorg !== undefined);
    this.#order += 1;
    this.#spread(head, this.#order);
    this.#lie(nowMs);
    this.#equivocate(head);
    this.#simulation.exchange();
  }

  /** Faults that strike in the slot. */
  #due(fromMs: number, toMs: number): Fault[] {
    return this.#simulation.plan.faults.filter((fault) => "atMs" in fault && fromMs < fault.atMs && fault.atMs <= toMs);
  }

  #next(due: readonly Fault[], nowMs: number): NextBlock {
    const tamper = due.find((fault): fault is FaultOf<"tamper"> => fault.kind === "tamper");
    const isNow = ({ fromMs, toMs }: { fromMs: number; toMs: number }): boolean => fromMs <= nowMs && nowMs < toMs;
    const { faults } = this.#simulation.plan;
    const spike = faults.find((fault): fault is FaultOf<"gas-spike"> => fault.kind === "gas-spike" && isNow(fault));
    return {
      seconds: nowMs / 1_000,
      tamper: tamper === undefined ? null : { kind: tamper.how, choice: tamper.choice },
      gasFactor: spike?.factor ?? 1,
      isFull: faults.some((fault) => fault.kind === "full-blocks" && isNow(fault)),
    };
  }

  /** Blocks of the new branch that are not of the old one, oldest first. */
  #freshOf(head: SimBlock, before: SimBlock): SimBlock[] {
    const fresh: SimBlock[] = [];
    for (let block: SimBlock | null = head; block !== null && !isOnBranch(before, block); block = block.parent)
      fresh.push(block);
    return fresh.reverse();
  }

  #tellOf(head: SimBlock, count: number, isReorg: boolean): void {
    const simulation = this.#simulation;
    const { taint, effects, number, hash, baseFeePerGas } = head;
    const done = effects.map(
      ({ kind, keeper, blockNumber }) => `, with the ${kind} of keeper ${keeper} for ${blockNumber}`,
    );
    const what = isReorg ? `a reorg brings ${count} blocks up to ${number}` : `block ${number}`;
    simulation.note(null, `${what} ${hash.slice(0, 10)}${done.join("")}`);
    if (taint?.hash === hash) simulation.note(null, `block ${number} is TAMPERED with: ${taint.kind} in ${taint.book}`);
    for (const { kind } of effects) {
      simulation.cover(
        kind === "checkpoint"
          ? "checkpoint posted"
          : kind === "soft-pause"
            ? "pause effective"
            : "hard pause effective",
      );
    }
    for (const { effect, succeeded, logs } of head.transactions) {
      if (effect === undefined && succeeded && logs.length === 0) simulation.cover("second pause of an incident");
      if (effect === undefined && !succeeded) simulation.cover("pause for a liar's block refused");
    }
    for (const { keys } of simulation.keepers) {
      const offer = simulation.chain.pool.offerOf(keys.pause, head.state.keys.get(keys.pause)?.nonce ?? 0);
      if (offer !== undefined && offer.request.maxFeePerGas < baseFeePerGas)
        simulation.cover("gas spike above an offer");
    }
  }

  #spread(head: SimBlock, order: number): void {
    const { sources, draw, queue } = this.#simulation;
    for (const [index, source] of sources.entries()) {
      const lateMs = draw.between(...PROPAGATION_MS) + source.lagMs;
      queue.after(lateMs, () => {
        if (source.import(head, order)) this.#simulation.announce(index);
      });
    }
  }

  // Faults

  #plan(fault: Fault): void {
    const { queue } = this.#simulation;
    if ("atMs" in fault) {
      queue.at(fault.atMs, () => this.#strike(fault));
      return;
    }
    queue.at(fault.fromMs, () => this.#begin(fault));
    queue.at(fault.toMs, () => this.#end(fault));
  }

  #strike(fault: Extract<Fault, { atMs: number }>): void {
    const simulation = this.#simulation;
    if (!("keeper" in fault)) return;
    if (fault.kind === "false-pause") return this.#pauseFalsely();
    const keeper = simulation.keepers[fault.keeper];
    if (keeper === undefined) return;
    if (fault.kind === "crash") {
      if (fault.moment === "any") keeper.crash(fault.downMs, fault.isTorn);
      else keeper.armed = fault;
    } else if (fault.kind === "bit-rot") {
      if (!keeper.disk.rot(fault.record)) return;
      simulation.note(keeper.index, "a bit of its journal changes; then it is restarted");
      keeper.crash(1_000, false);
    } else if (fault.kind === "memory-rot") {
      if (keeper.rotMemory(fault.choice)) simulation.note(keeper.index, "a bit of its books changes in memory");
    } else {
      keeper.wallAheadSeconds += fault.seconds;
      simulation.cover("clock jump");
      simulation.note(keeper.index, `its clock jumps by ${fault.seconds} seconds`);
    }
  }

  #begin(fault: Extract<Fault, { fromMs: number }>): void {
    const simulation = this.#simulation;
    simulation.note(null, `begins: ${describeFault(fault)}`);
    if (fault.kind === "lie") return this.#beginLie(fault);
    if (!("source" in fault)) return;
    const source = simulation.sources[fault.source];
    if (source === undefined) return;
    if (fault.kind === "lag") source.lagMs += fault.byMs;
    if (fault.kind === "stale") source.isStale = true;
    if (fault.kind === "unproving") source.canProve = false;
    if (fault.kind === "down") this.#setUp(fault.source, false);
    const names = {
      lag: "source lags",
      stale: "source stale",
      unproving: "source does not prove",
      down: "source down",
    };
    simulation.cover(names[fault.kind]);
  }

  #end(fault: Extract<Fault, { fromMs: number }>): void {
    const simulation = this.#simulation;
    simulation.note(null, `ends: ${describeFault(fault)}`);
    if (fault.kind === "lie") return this.#endLie(fault);
    if (!("source" in fault)) return;
    const source = simulation.sources[fault.source];
    if (source === undefined) return;
    if (fault.kind === "lag") source.lagMs -= fault.byMs;
    if (fault.kind === "unproving") source.canProve = true;
    if (fault.kind === "down") this.#setUp(fault.source, true);
    if (fault.kind === "stale") source.isStale = false;
    this.#catchUp(fault.source);
  }

  /** A node that was cut off has the chain's head again. */
  #catchUp(index: number): void {
    const source = this.#simulation.sources[index];
    if (source?.import(this.#simulation.chain.head, this.#order) === true) this.#simulation.announce(index);
  }

  #setUp(index: number, isUp: boolean): void {
    const source = this.#simulation.sources[index];
    if (source === undefined || source.isUp === isUp) return;
    source.isUp = isUp;
    for (const keeper of this.#simulation.keepers) {
      if (isUp) keeper.deliver({ type: "source-up", source: source.id });
      else keeper.deliver({ type: "source-down", source: source.id, reason: "closed" });
    }
    if (isUp) this.#simulation.announce(index);
  }

  #beginLie(fault: FaultOf<"lie">): void {
    const { sources, chain, draw } = this.#simulation;
    this.#simulation.cover(`lie ${fault.how}`);
    if (this.#simulation.plan.isMajorityLying && fault.sources.length * 2 > sources.length)
      this.#simulation.cover("majority of operators lies");
    const operators = new Set(fault.sources.map((index) => sources[index]?.operator));
    if (operators.size === 1 && fault.sources.length * 2 > sources.length) {
      this.#simulation.cover("liar with majority of sources of one operator");
    }
    for (const index of fault.sources) sources[index]?.setLie(fault.how);
    if (fault.how === "fork" || fault.how === "tampered-fork" || fault.how === "flip-flop") {
      this.#liars.set(fault, ancestorOf(chain.head, Math.min(draw.below(4), chain.head.number - GENESIS.block.number)));
    }
    // Who is asked which chain it serves answers at the next connection.
    if (fault.how === "wrong-chain") for (const index of fault.sources) this.#reconnect(index);
  }

  #endLie(fault: FaultOf<"lie">): void {
    this.#liars.delete(fault);
    for (const index of fault.sources) {
      this.#simulation.sources[index]?.setLie(null);
      if (fault.how === "wrong-chain") this.#reconnect(index);
      this.#catchUp(index);
      this.#simulation.announce(index);
    }
  }

  #reconnect(index: number): void {
    if (this.#simulation.sources[index]?.isUp !== true) return;
    this.#setUp(index, false);
    this.#setUp(index, true);
  }

  /** Liars with a chain of their own make its next block. */
  #lie(nowMs: number): void {
    const { chain, sources, truth, draw } = this.#simulation;
    for (const [fault, head] of this.#liars) {
      const isFirst = head.isReal;
      const tamper =
        fault.how === "tampered-fork" && isFirst ? ({ kind: "write", choice: draw.below(1_000) } as const) : null;
      const block = chain.invent(head, nowMs / 1_000, tamper);
      truth.add(block);
      const isBack = fault.how === "flip-flop" && draw.chance(0.5);
      this.#liars.set(fault, fault.how === "flip-flop" && draw.chance(0.3) ? ancestorOf(chain.head, 1) : block);
      for (const index of fault.sources) {
        sources[index]?.serveInstead(isBack ? null : block);
        this.#simulation.announce(index);
      }
    }
  }

  /** A keeper of the set signs what is not so, and something else for everybody. */
  #equivocate(head: SimBlock): void {
    const simulation = this.#simulation;
    const keys = GENESIS.keepers[EVIL_KEEPER];
    if (simulation.network.at("equivocate", EVIL_KEEPER) === undefined || keys === undefined) return;
    simulation.cover("equivocating keeper heard");
    for (const keeper of simulation.keepers) {
      const statements = [falseAttestation(head, keeper.index), falsePause(head)].map((statement): SignedStatement => {
        const digest = statementDigest(statement, simulation.verifiers);
        return { statement, digest, signer: keys.attest, signature: signIdeally(keys.attest, digest) };
      });
      keeper.deliver({ type: "statements", peer: `keeper-${EVIL_KEEPER}`, statements });
    }
  }

  /** A keeper of the set uses its own key to pause for nothing. */
  #pauseFalsely(): void {
    const { chain } = this.#simulation;
    const keys = GENESIS.keepers[EVIL_KEEPER];
    const { number, hash, state } = chain.head;
    const nonce = keys === undefined ? undefined : state.keys.get(keys.pause)?.nonce;
    if (keys === undefined || nonce === undefined) return;
    this.#simulation.note(null, `keeper ${EVIL_KEEPER} PAUSES for block ${number}, with which nothing is wrong`);
    this.#simulation.cover("one key pauses for nothing");
    const raw = signIdeally(keys.pause, hash);
    chain.pool.learn(raw, { request: softPauseFor(chain.head, nonce), from: keys.pause, hash, keeper: EVIL_KEEPER });
    chain.pool.offer(raw, nonce);
  }
}

function falseAttestation({ number, hash, state }: SimBlock, variant: number): Statement {
  const lie: Hash = keccak256Hex(Uint8Array.of(variant, number & 255));
  const roots = state.roots.with(variant % state.roots.length, lie);
  const setId = state.value(cursor.setId);
  const attestation = {
    setId,
    bookSetVersion: 1n,
    blockNumber: BigInt(number),
    blockHash: hash,
    booksRoot: booksRoot(roots),
  };
  return { kind: "attestation", attestation, roots };
}

function falsePause({ number, hash, state }: SimBlock): Statement {
  const setId = state.value(cursor.setId);
  const incidentId: Hash = keccak256Hex(Uint8Array.of(9, number & 255));
  const certificate = { incidentId, setId, pauseNonce: 0n, blockNumber: BigInt(number), blockHash: hash };
  return { kind: "pause", certificate };
}

/** A fault in words. */
export function describeFault(fault: Fault): string {
  const { kind, ...rest } = fault;
  const words = Object.entries(rest).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? value.join("+") : String(value)}`,
  );
  return `${kind} (${words.join(", ")})`;
}
