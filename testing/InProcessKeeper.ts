import { revertDataOf } from "../keeper/actions/plan/revertReason.ts";
import { readRefusal, type SendRefusal } from "../keeper/actions/plan/sendRefusal.ts";
import { KeySigner } from "../keeper/actions/signers/KeySigner.ts";
import type { Attestation } from "../keeper/domain/Attestation.ts";
import type { LocatedSlot } from "../keeper/domain/Finding.ts";
import type { Verdict } from "../keeper/domain/Verdict.ts";
import type { Hash, Hex } from "../keeper/lib/hex.ts";
import { Keeper } from "../keeper/loop/Keeper.ts";
import type { KeeperOptions } from "../keeper/loop/KeeperOptions.ts";
import type { BlockReport, Effect, IncidentReport, Input, KeyName, RpcAnswer } from "../keeper/loop/ports.ts";
import type { Replacements } from "../keeper/loop/Replacements.ts";
import { attestationsIn } from "./attestationsIn.ts";
import { readHeadOf, type Head, type Rpc } from "./Rpc.ts";

type EffectOf<Type extends Effect["type"]> = Extract<Effect, { type: Type }>;

/** Where chance comes from. */
export interface Chance {
  /** A whole number of at least 0, below `limit`. */
  below(limit: number): number;
}

/** What a keeper in this process needs. */
export interface InProcessKeeperOptions {
  readonly options: KeeperOptions;
  /** By id of the source. */
  readonly rpcs: Readonly<Record<string, Rpc>>;
  readonly keys?: Partial<Record<KeyName, Hex>>;
  readonly replacements?: Replacements;
  /** In place of sending to every source: for transactions that get lost. */
  readonly broadcast?: (effect: EffectOf<"broadcast">) => Promise<void>;
  /** Delivers what is due in random order, and one input in eight twice. */
  readonly shuffle?: Chance;
}

/** After a tick of so long, everything may be retried and nothing is in quarantine that was before. */
const LONG_MS = 31_000;

/**
 * Performs a keeper core's effects against nodes at once and in order, without sockets and on a clock of its own, so
 * that a test steps through what a service does by itself.
 */
export class InProcessKeeper {
  readonly keeper: Keeper;
  /** Everything that the core asked for, oldest first. */
  readonly effects: Effect[] = [];
  /** What the nodes refused of what was broadcast. */
  readonly refusals: string[] = [];
  nowMs = 1;
  readonly #parts: InProcessKeeperOptions;
  readonly #signers: Partial<Record<KeyName, KeySigner>> = {};
  readonly #queue: Input[] = [];

  constructor(parts: InProcessKeeperOptions) {
    this.#parts = parts;
    for (const [name, key] of Object.entries(parts.keys ?? {})) this.#signers[name as KeyName] = new KeySigner(key);
    this.keeper = new Keeper(parts.options, parts.replacements);
  }

  // What was seen

  all<Type extends Effect["type"]>(type: Type): EffectOf<Type>[] {
    return this.effects.filter((effect): effect is EffectOf<Type> => effect.type === type);
  }

  get reports(): BlockReport[] {
    return this.all("block").map(({ report }) => report);
  }

  /** The newest verdict. */
  get verdict(): Verdict {
    const report = this.reports.at(-1);
    if (report === undefined) throw new Error("no block was judged");
    return report.verdict;
  }

  get incident(): IncidentReport | undefined {
    return this.all("incident").at(-1)?.report;
  }

  /** What the attest key was asked to sign of blocks, oldest first. */
  get attestations(): Attestation[] {
    return attestationsIn(this.effects);
  }

  get located(): readonly LocatedSlot[] {
    return this.all("located").at(-1)?.slots ?? [];
  }

  /** Whether a key was used for anything. */
  get hasSigned(): boolean {
    return this.effects.some(({ type }) => type.startsWith("sign-") || type === "broadcast");
  }

  // What happens

  /** Announces the head of every source, again while answering it mined another block. */
  async follow(): Promise<void> {
    for (let last = ""; ;) {
      const heads: Hash[] = [];
      for (const [source, rpc] of Object.entries(this.#parts.rpcs)) {
        const head = await readHeadOf(rpc);
        heads.push(head.hash);
        await this.hear(source, head);
      }
      if (heads.join() === last) return;
      last = heads.join();
    }
  }

  /** One source announces a head. */
  async hear(source: string, { number, hash }: Head): Promise<void> {
    await this.deliver({ type: "head", source, number, hash, nowMs: this.nowMs });
  }

  /** Time passes; default so long that quarantines end. */
  async tick(ms = LONG_MS): Promise<void> {
    this.nowMs += ms;
    await this.deliver({ type: "tick", nowMs: this.nowMs });
  }

  /** Hands an input to the core, and everything that follows from it. */
  async deliver(input: Input): Promise<void> {
    await this.deliverAll([input]);
  }

  /** The same for several inputs that are due at once. */
  async deliverAll(inputs: readonly Input[]): Promise<void> {
    this.#queue.push(...inputs);
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      for (const effect of this.keeper.step(next)) {
        this.effects.push(effect);
        await this.#perform(effect);
      }
    }
  }

  #next(): Input | undefined {
    const { shuffle } = this.#parts;
    if (shuffle === undefined || this.#queue.length === 0) return this.#queue.shift();
    const index = shuffle.below(this.#queue.length);
    return shuffle.below(8) === 0 ? this.#queue[index] : this.#queue.splice(index, 1)[0];
  }

  async #perform(effect: Effect): Promise<void> {
    const { nowMs } = this;
    switch (effect.type) {
      case "request":
        this.#queue.push({ type: "answers", id: effect.id, answers: await this.#ask(effect), nowMs });
        return;
      case "journal":
        this.#queue.push({ type: "journalled", id: effect.id, nowMs });
        return;
      case "sign-transaction":
        this.#queue.push({
          type: "signed",
          id: effect.id,
          ...this.#signer(effect.key).signTransaction(effect.request),
          nowMs,
        });
        return;
      case "sign-typed-data": {
        const raw = this.#signer(effect.key).signTypedData(effect);
        this.#queue.push({ type: "signed", id: effect.id, raw, hash: effect.structHash, nowMs });
        return;
      }
      case "broadcast":
        await (this.#parts.broadcast ?? ((lost) => this.#send(lost)))(effect);
        return;
      default:
    }
  }

  #signer(key: KeyName): KeySigner {
    const signer = this.#signers[key];
    if (signer === undefined) throw new Error(`no ${key} key`);
    return signer;
  }

  async #ask({ source, calls }: EffectOf<"request">): Promise<RpcAnswer[]> {
    const rpc = this.#parts.rpcs[source];
    const answers = calls.map(async ({ method, params }): Promise<RpcAnswer> => {
      try {
        if (rpc === undefined) throw new Error("no such source");
        return { ok: true, value: await rpc.request(method, params) };
      } catch (error: unknown) {
        const message = error instanceof Error ? error.message : String(error);
        const data = revertDataOf((error as { data?: unknown }).data);
        return { ok: false, code: "SourceRpcError", message, ...(data === null ? {} : { data }) };
      }
    });
    return Promise.all(answers);
  }

  async #send({ raw, hash }: EffectOf<"broadcast">): Promise<void> {
    for (const [source, rpc] of Object.entries(this.#parts.rpcs)) {
      let refusal: SendRefusal | null = null;
      try {
        await rpc.request("eth_sendRawTransaction", [raw]);
      } catch (error: unknown) {
        const message = error instanceof Error ? error.message : String(error);
        this.refusals.push(message);
        refusal = readRefusal(message, true);
      }
      this.#queue.push({ type: "sent", hash, source, refusal, nowMs: this.nowMs });
    }
  }
}
