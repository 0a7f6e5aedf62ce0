import { encodeTransaction } from "../../keeper/actions/plan/encodeTransaction.ts";
import { profileOf } from "../../keeper/domain/chainProfile.ts";
import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import { POLICY_DEFAULTS } from "../../keeper/domain/policy.ts";
import type { SignedStatement } from "../../keeper/domain/Statement.ts";
import { statementDigest } from "../../keeper/domain/statementDigest.ts";
import { bytesToHex } from "../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../keeper/lib/keccak.ts";
import { Keeper } from "../../keeper/loop/Keeper.ts";
import type { KeeperOptions } from "../../keeper/loop/KeeperOptions.ts";
import { readOwnPast } from "../../keeper/loop/OwnPast.ts";
import type { Effect, Input, KeyName } from "../../keeper/loop/ports.ts";
import { readLatch } from "../../keeper/readLatch.ts";
import type { Draw } from "../../scripts/histories/Draw.ts";
import { signIdeally } from "../contracts/idealSignature.ts";
import type { CrashMoment } from "../plan/Fault.ts";
import type { Twin } from "../run/Twin.ts";
import { Disk } from "./Disk.ts";
import { GENESIS, type KeeperKeys } from "./genesis.ts";
import type { KeeperHost } from "./KeeperHost.ts";

type EffectOf<Type extends Effect["type"]> = Extract<Effect, { type: Type }>;
type WithoutTime<Value> = Value extends { readonly nowMs: number } ? Omit<Value, "nowMs"> : never;

/** What reaches a keeper; the time is its own clock's. */
export type Arrival = WithoutTime<Input>;

const GWEI = 1_000_000_000n;
const MIN_TICK_MS = 100;
const MAX_TICK_MS = 2_000;
const BACKOFF = 2;
const SIGNER_ANSWER_MS = 20;
const SUPERVISOR_MS = 2_000;
const EPOCH_SECONDS = GENESIS.block.timestamp;

/** Why a keeper does not run. */
export type Stopped = "crashed" | "corrupt" | "latched";

/** One keeper: the real core, in a process that can be killed, on a disk that survives it. */
export class KeeperProcess {
  readonly index: number;
  readonly keys: KeeperKeys;
  readonly disk = new Disk();
  readonly #host: KeeperHost;
  readonly #draw: Draw;
  readonly #twin: Twin;
  core: Keeper | null = null;
  stopped: Stopped | null = null;
  /** What it serves to peers. */
  statements: readonly SignedStatement[] = [];
  armed: { readonly moment: CrashMoment; readonly downMs: number; readonly isTorn: boolean } | null = null;
  wallAheadSeconds = 0;
  /** Its memory was changed behind its back in this run or an earlier one. */
  wasRotten = false;
  /** It found a cause to do nothing more of itself before a person has looked. */
  hasLatched = false;
  #epoch = 0;
  #startedAtMs = 0;
  #tickMs = MIN_TICK_MS;
  #tickId = 0;
  #isStepping = false;
  readonly #inbox: Arrival[] = [];

  constructor(index: number, parts: { readonly host: KeeperHost; readonly draw: Draw; readonly twin: Twin }) {
    const keys = GENESIS.keepers[index];
    if (keys === undefined) throw new Error(`there is no keeper ${index}`);
    this.index = index;
    this.keys = keys;
    this.#host = parts.host;
    this.#draw = parts.draw;
    this.#twin = parts.twin;
  }

  /** Starts, or refuses to. */
  start(): void {
    const opened = this.#twin.readsUnchecked === true ? this.disk.openUnchecked() : this.disk.open();
    if (!opened.ok) return this.#refuse("corrupt", `record ${opened.record} is corrupt`);
    const { records } = opened;
    const stored = records.map((record, at) => ({ ...record, seq: at + 1, at: 0 }));
    if (readLatch(stored) !== null) return this.#refuse("latched", "a latch stands");
    const past = this.#twin.forgets === true ? { signedRoots: new Map() } : readOwnPast(records);
    const told: KeeperOptions = { ...this.#options(), ...past };
    const options = this.#twin.retold?.(told) ?? told;
    this.stopped = null;
    this.#startedAtMs = this.#host.nowMs;
    this.core = new Keeper(options, this.#twin.replacements ?? {}, GENESIS.start(this.#twin.replacements?.reducers));
    this.#host.started(this);
    this.#tickSoon();
  }

  /** Kills the process: what it knew is gone, and what was not durable, too. */
  crash(downMs: number, isTorn: boolean): void {
    if (this.core === null) return;
    this.#epoch += 1;
    this.core = null;
    this.stopped = "crashed";
    this.#inbox.length = 0;
    const { unsynced } = this.disk;
    const kept = isTorn && unsynced > 0 ? this.#draw.below(unsynced) : 0;
    if (isTorn && unsynced > 0) this.#host.cover("torn write");
    if (this.disk.loseUnsynced(kept) > 0) this.#host.cover("lost write");
    this.#host.cover("crash");
    this.#host.note(this.index, `crashes${unsynced > 0 ? `, with ${unsynced} records not durable` : ""}`);
    this.#host.after(downMs, () => {
      if (this.core !== null) return;
      this.#host.cover("restart");
      this.start();
    });
  }

  /** Something reaches the keeper: at once, unless it stalls. */
  deliver(arrival: Arrival, epoch = this.#epoch): void {
    if (epoch !== this.#epoch || this.core === null) return;
    const stalledUntilMs = this.#host.stalledUntil(this.index);
    if (stalledUntilMs !== null) {
      this.#host.cover("keeper stalls");
      this.#host.after(stalledUntilMs - this.#host.nowMs, () => this.deliver(arrival, epoch));
      return;
    }
    if (arrival.type !== "tick") this.#tickMs = MIN_TICK_MS;
    this.#inbox.push(arrival);
    if (this.#isStepping) return;
    this.#isStepping = true;
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) this.#step(next);
    this.#isStepping = false;
    if (arrival.type !== "tick") this.#tickSoon();
  }

  /** Which life of the process this is: what was meant for an earlier one does not reach it. */
  get epoch(): number {
    return this.#epoch;
  }

  /** A bit of the books in memory changes; false where there is none. */
  rotMemory(choice: number): boolean {
    const books = this.core?.books;
    const name = BOOK_NAMES[choice % BOOK_NAMES.length];
    if (books === undefined || name === undefined) return false;
    const words = [...books.trie(name).slots()];
    const word = words[choice % Math.max(1, words.length)];
    if (word === undefined) return false;
    books.trie(name).set(word[0], word[1] ^ (1n << BigInt(choice % 64)));
    this.wasRotten = true;
    return true;
  }

  #step(arrival: Arrival): void {
    const { core } = this;
    if (core === null) return;
    const input = { ...arrival, nowMs: 1 + this.#host.nowMs - this.#startedAtMs } as Input;
    const effects = this.#stepCore(core, input);
    for (const effect of this.#twin.bend?.(effects, this.index) ?? effects) {
      this.#host.saw(this, effect);
      this.#perform(effect);
      if (this.core === null) return;
    }
  }

  #stepCore(core: Keeper, input: Input): readonly Effect[] {
    try {
      return core.step(input);
    } catch (error: unknown) {
      this.#host.threw(this, error);
      this.crash(SUPERVISOR_MS, false);
      return [];
    }
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "request":
        this.#host.request(this, effect);
        return;
      case "journal":
        this.#journal(effect);
        return;
      case "latch":
        this.hasLatched = true;
        this.#write("latch", { detail: effect.detail });
        return;
      case "sign-transaction":
        this.#signTransaction(effect);
        return;
      case "sign-typed-data":
        this.#signStatement(effect);
        return;
      case "broadcast":
        this.#host.broadcast(this, effect);
        return;
      case "statements":
        this.statements = effect.statements;
        this.#host.published(this);
        return;
      default:
    }
  }

  #journal({ id, kind, body }: EffectOf<"journal">): void {
    const seq = this.#write(kind, body);
    if (seq === null) return;
    const { epoch } = this;
    if (this.#twin.isHasty === true) {
      this.deliver({ type: "journalled", id });
      return;
    }
    if (kind === "intent" && this.#strike("intent-written")) return;
    this.#host.after(this.#draw.between(1, 8), () => {
      if (epoch !== this.#epoch) return;
      this.disk.sync(seq);
      if (kind === "intent" && this.#strike("intent-durable"))
        return this.#host.cover("crash between intent and signature");
      if (kind === "signature" && this.#strike("signature-durable")) return;
      this.deliver({ type: "journalled", id });
    });
  }

  /** Null where the keeper cannot write, and ends. */
  #write(kind: string, body: unknown): number | null {
    const isFull = this.#host.isDiskFull(this.index);
    const seq = isFull ? null : this.disk.write(kind, body);
    if (isFull) this.#host.cover("disk full");
    else if (seq === null) this.#host.secondRoot(this);
    if (seq === null) this.crash(SUPERVISOR_MS, false);
    else if (kind === "latch") this.disk.sync(seq);
    return seq;
  }

  #signTransaction({ id, key, request }: EffectOf<"sign-transaction">): void {
    if (this.#isSignerLost(id, key)) return;
    const from = key === "pause" ? this.keys.pause : this.keys.post;
    const payload = bytesToHex(encodeTransaction(request));
    const raw = signIdeally(from, keccak256Hex(new TextEncoder().encode(payload)));
    const hash = keccak256Hex(new TextEncoder().encode(raw));
    this.#host.signed(raw, { request, from, hash, keeper: this.index });
    if (key === "pause" && this.#strike("signed")) return this.#host.cover("crash after a signature");
    this.deliver({ type: "signed", id, raw, hash });
  }

  #signStatement({ id, key, statement, structHash }: EffectOf<"sign-typed-data">): void {
    if (this.#isSignerLost(id, key)) return;
    const digest = statementDigest(statement, this.#host.verifiers);
    this.deliver({ type: "signed", id, raw: signIdeally(this.keys.attest, digest), hash: structHash });
  }

  #isSignerLost(id: number, key: KeyName): boolean {
    if (!this.#host.isSignerLost(this.index, key)) return false;
    this.#host.cover(key === "pause" ? "signer lost while pausing" : "signer lost");
    const { epoch } = this;
    const failed = { type: "sign-failed", id, code: "SignerUnavailable", message: "it does not answer" } as const;
    this.#host.after(SIGNER_ANSWER_MS, () => this.deliver(failed, epoch));
    return true;
  }

  /** Whether the keeper is struck down at this moment of its work. */
  #strike(moment: CrashMoment): boolean {
    if (this.armed?.moment !== moment) return false;
    const { downMs, isTorn } = this.armed;
    this.armed = null;
    this.crash(downMs, isTorn);
    return true;
  }

  #refuse(why: "corrupt" | "latched", detail: string): void {
    this.stopped = why;
    this.#host.refused(this, why, detail);
  }

  /** Ticks come often while something happens, and ever less often while nothing does. */
  #tickSoon(): void {
    const { epoch } = this;
    this.#tickId += 1;
    const id = this.#tickId;
    this.#host.after(this.#tickMs, () => {
      if (epoch !== this.#epoch || id !== this.#tickId) return;
      const wallSeconds = EPOCH_SECONDS + this.#host.nowMs / 1_000 + this.wallAheadSeconds;
      this.deliver({ type: "tick", wallSeconds });
      this.#tickMs = Math.min(MAX_TICK_MS, this.#tickMs * BACKOFF);
      this.#tickSoon();
    });
  }

  #options(): KeeperOptions {
    const { sources, blockSeconds, checkpointSeconds } = this.#host.plan;
    const { addresses, immutables } = GENESIS.contracts;
    const { number, hash } = GENESIS.block;
    const chainId = Number(immutables.chainId);
    return {
      ...{ chainId, addresses, immutables, deploymentBlock: 1, sources, signedRoots: new Map() },
      chain: { ...profileOf(chainId, "ethereum"), blockSeconds, pin: { number, hash } },
      policy: {
        ...{ mode: "act", isLocalChain: false, allowSingleSource: false, ...POLICY_DEFAULTS },
        checkpointIntervalSeconds: checkpointSeconds,
      },
      ...{ pauser: this.keys.pause, attester: this.keys.attest, poster: this.keys.post },
      ...{ proofDepth: 64, requestDeadlineMs: 2_000, hedgeMs: 150, maxFeePerGas: 5_000n * GWEI },
    };
  }
}
