import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { describeError } from "../../keeper/lib/describeError.ts";
import type { Verifiers } from "../../keeper/domain/statementDigest.ts";
import type { Hash, Hex } from "../../keeper/lib/hex.ts";
import type { Effect, KeyName } from "../../keeper/loop/ports.ts";
import { Draw } from "../../scripts/histories/Draw.ts";
import { Oracles } from "../check/Oracles.ts";
import { CallData } from "../contracts/callData.ts";
import { Truth } from "../check/Truth.ts";
import type { SignedByKeeper } from "../chain/Pool.ts";
import type { SimBlock } from "../chain/Block.ts";
import { EVIL_KEEPER, type Fault, type FaultOf } from "../plan/Fault.ts";
import { hasEvilKeeper, type Plan } from "../plan/Plan.ts";
import { Chain } from "../world/Chain.ts";
import { GENESIS } from "../world/genesis.ts";
import type { KeeperHost } from "../world/KeeperHost.ts";
import { KeeperProcess, type Stopped } from "../world/KeeperProcess.ts";
import { Network } from "../world/Network.ts";
import { Source } from "../world/Source.ts";
import { Coverage } from "./Coverage.ts";
import { EventQueue } from "./EventQueue.ts";
import type { Journal } from "./Journal.ts";
import { HONEST, type Twin } from "./Twin.ts";

export type EffectOf<Type extends Effect["type"]> = Extract<Effect, { type: Type }>;

/** Streams of chance of one seed, so that one does not move another. */
const STREAM = { chain: 10, network: 11, sources: 12, keepers: 20 } as const;

/** A keeper asks each peer so often while something is open. */
const PEER_TURN_MS = 250;

/** One run of a plan: everything that there is, and how it hangs together. What happens when is in the parts around it. */
export class Simulation implements KeeperHost {
  readonly plan: Plan;
  readonly queue = new EventQueue();
  readonly coverage = new Coverage();
  readonly truth = new Truth();
  readonly chain: Chain;
  readonly sources: readonly Source[];
  readonly keepers: readonly KeeperProcess[];
  readonly network: Network;
  readonly oracles: Oracles;
  readonly draw: Draw;
  readonly journal: Journal;
  readonly verifiers: Verifiers;

  constructor(plan: Plan, journal: Journal, twin: Twin = HONEST) {
    const { seed, faults } = plan;
    this.plan = plan;
    this.journal = journal;
    const { coverage, queue } = this;
    this.chain = new Chain(new Draw(seed, STREAM.chain), { traffic: plan.traffic, coverage });
    this.draw = new Draw(seed, STREAM.sources);
    this.network = new Network(queue, { draw: new Draw(seed, STREAM.network), coverage, faults });
    this.sources = plan.sources.map((source) => new Source(source, this.draw));
    const count = Math.min(plan.keepers, hasEvilKeeper(plan) ? EVIL_KEEPER : 4);
    this.keepers = Array.from({ length: count }, (_, index) => {
      return new KeeperProcess(index, { host: this, draw: new Draw(seed, STREAM.keepers + index), twin });
    });
    const cover = (situation: string): void => coverage.hit(situation);
    this.oracles = new Oracles(plan, { truth: this.truth, pool: this.chain.pool, now: () => queue.nowMs, cover });
    const { addresses, immutables } = GENESIS.contracts;
    const { CheckpointRegistry: registry, SyncGuard: guard } = addresses;
    this.verifiers = { chainId: immutables.chainId, registry, guard };
    this.truth.add(GENESIS.block);
  }

  get nowMs(): number {
    return this.queue.nowMs;
  }

  after(ms: number, run: () => void): void {
    this.queue.after(ms, run);
  }

  cover(situation: string): void {
    this.coverage.hit(situation);
  }

  note(keeper: number | null, what: string): void {
    this.journal.note(this.nowMs, keeper === null ? null : `keeper ${keeper}`, what);
  }

  /** A source serves another head than before: whoever is connected hears of it. */
  announce(index: number): void {
    for (const keeper of this.keepers) this.#tell(index, keeper);
  }

  #tell(index: number, keeper: KeeperProcess): void {
    const source = this.sources[index];
    if (source?.isUp !== true) return;
    const { epoch } = keeper;
    const { id, head } = source;
    this.network.send(keeper.index, index, () => {
      if (source.isUp && epoch === keeper.epoch) this.#hears(keeper, index, head);
      keeper.deliver({ type: "head", source: id, number: head.number, hash: head.hash }, epoch);
    });
  }

  #hears(keeper: KeeperProcess, index: number, head: SimBlock): void {
    const key = `${keeper.index} ${index}`;
    if ((this.#heard.get(key) ?? -1) > head.number) this.cover("heads re-ordered");
    this.#heard.set(key, head.number);
    const { taint } = head;
    if (taint === null || !head.isReal || this.sources[index]?.isHonest !== true) return;
    const shown = `${keeper.index} ${taint.hash}`;
    if (!this.shownAtMs.has(shown)) this.shownAtMs.set(shown, this.nowMs);
  }

  /** When a keeper first sent a pause for a block; by keeper and block. */
  readonly sentAtMs = new Map<string, number>();
  /** Blocks that keepers judged. */
  judged = 0;
  readonly #heard = new Map<string, number>();
  /** When an honest source first told a keeper of a tampered block, or of one above it; by keeper and block. */
  readonly shownAtMs = new Map<string, number>();

  // What keepers need

  started(keeper: KeeperProcess): void {
    this.note(keeper.index, "starts");
    this.oracles.started(keeper);
    for (const [index, { id, isUp }] of this.sources.entries()) {
      if (!isUp) continue;
      keeper.deliver({ type: "source-up", source: id });
      this.#tell(index, keeper);
    }
    for (const peer of this.keepers) if (peer !== keeper) this.#hand(peer, keeper);
  }

  refused(keeper: KeeperProcess, why: Stopped, detail: string): void {
    this.note(keeper.index, `refuses to start: ${detail}`);
    this.cover(why === "corrupt" ? "bit rot refused" : "latch refuses a start");
  }

  saw(keeper: KeeperProcess, effect: Effect): void {
    this.journal.effect(this.nowMs, keeper.index, effect);
    this.oracles.saw(keeper, effect);
    if (effect.type === "block") this.judged += 1;
    if (effect.type === "broadcast") this.#noteSent(keeper, effect.raw);
    if (effect.type === "latch" && keeper.wasRotten) this.cover("own fault latched");
    if (effect.type === "sign-transaction" && effect.key === "pause") {
      const { from, nonce } = { from: keeper.keys.pause, nonce: effect.request.nonce };
      if (this.chain.pool.offerOf(from, nonce) !== undefined) this.cover("pause replaced");
    }
  }

  #noteSent(keeper: KeeperProcess, raw: Hex): void {
    const request = this.chain.pool.signedAs(raw)?.request;
    if (request?.to !== GENESIS.contracts.addresses.SyncGuard) return;
    const key = `${keeper.index} ${new CallData(request.data).hash(3)}`;
    if (!this.sentAtMs.has(key)) this.sentAtMs.set(key, this.nowMs);
  }

  request(keeper: KeeperProcess, { id, source: name, calls, deadlineMs }: EffectOf<"request">): void {
    const index = this.sources.findIndex((source) => source.id === name);
    const source = this.sources[index];
    if (source === undefined) return;
    const { epoch } = keeper;
    let isOver = false;
    const fail = (code: string): void => {
      if (isOver) return;
      isOver = true;
      const answers = calls.map(() => ({ ok: false, code, message: "no answer" }) as const);
      keeper.deliver({ type: "answers", id, answers }, epoch);
    };
    if (!source.isUp) {
      this.after(1, () => fail("SourceClosed"));
      return;
    }
    this.after(deadlineMs, () => fail("SourceTimeout"));
    this.network.send(keeper.index, index, () => {
      if (!source.isUp) return;
      const answers = source.answer(calls);
      this.network.send(keeper.index, index, () => {
        if (!isOver) keeper.deliver({ type: "answers", id, answers }, epoch);
        isOver = true;
      });
    });
  }

  broadcast(keeper: KeeperProcess, { raw, hash }: EffectOf<"broadcast">): void {
    const { epoch } = keeper;
    for (const [index, source] of this.sources.entries()) {
      let isOver = false;
      const fail = (): void => {
        if (isOver) return;
        const refusal = { kind: "unreachable", detail: "no answer" } as const;
        keeper.deliver({ type: "sent", hash, source: source.id, refusal }, epoch);
        isOver = true;
      };
      this.after(2_000, fail);
      this.network.send(keeper.index, index, () => {
        if (!source.isUp) return;
        const refusal = source.send(raw, this.chain.pool);
        this.network.send(keeper.index, index, () => {
          if (!isOver) keeper.deliver({ type: "sent", hash, source: source.id, refusal }, epoch);
          isOver = true;
        });
      });
    }
  }

  published(keeper: KeeperProcess): void {
    for (const other of this.keepers) if (other !== keeper) this.#hand(keeper, other);
  }

  /** Everybody asks everybody again, as peers do from time to time. */
  exchange(): void {
    for (const keeper of this.keepers) this.published(keeper);
  }

  /** A keeper asks another one at its next turn: what was published until then is one answer. */
  #hand(from: KeeperProcess, to: KeeperProcess): void {
    const pair = `${from.index} ${to.index}`;
    if (from.statements.length === 0 || this.#asking.has(pair)) return;
    this.#asking.add(pair);
    this.after(this.draw.between(20, PEER_TURN_MS), () => {
      this.#asking.delete(pair);
      const isCut = [from, to].some(({ index }) => this.network.at("peers-cut", index) !== undefined);
      if (isCut) this.cover("peers cut");
      if (isCut || from.core === null) return;
      const { statements } = from;
      to.deliver({ type: "statements", peer: `keeper-${from.index}`, statements });
    });
  }

  /** Who is about to ask whom. */
  readonly #asking = new Set<string>();

  signed(raw: Hex, transaction: SignedByKeeper): void {
    this.chain.pool.learn(raw, transaction);
  }

  threw(keeper: KeeperProcess, error: unknown): void {
    const why = KeeperError.is(error) ? `${error.code}: ${error.message}` : describeError(error);
    this.note(keeper.index, `ends: ${why}`);
    // Where most operators lie, it may be right to end.
    if (!this.plan.isMajorityLying) this.oracles.say("lives", keeper.index, why);
  }

  secondRoot(keeper: KeeperProcess): void {
    this.oracles.say("P4", keeper.index, "it wanted to write another root for a block that it had signed");
  }

  stalledUntil(keeper: number): number | null {
    return this.network.at("stall", keeper)?.toMs ?? null;
  }

  isDiskFull(keeper: number): boolean {
    return this.network.at("disk-full", keeper) !== undefined;
  }

  isSignerLost(keeper: number, key: KeyName): boolean {
    const now = this.nowMs;
    return this.plan.faults.some((fault: Fault) => {
      const isOf = (fault: Fault): fault is FaultOf<"signer-loss"> => fault.kind === "signer-loss";
      return isOf(fault) && fault.keeper === keeper && fault.key === key && fault.fromMs <= now && now < fault.toMs;
    });
  }

  /** Whether a block is one of the chain's. */
  blockOf(hash: Hash): SimBlock | undefined {
    return this.truth.blockOf(hash);
  }
}
