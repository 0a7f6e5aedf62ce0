import type { Hash } from "../../keeper/lib/hex.ts";
import type { RpcAnswer, RpcCall } from "../../keeper/loop/ports.ts";
import type { SendRefusal } from "../../keeper/actions/plan/sendRefusal.ts";
import type { Draw } from "../../scripts/histories/Draw.ts";
import type { SimBlock } from "../chain/Block.ts";
import type { Pool } from "../chain/Pool.ts";
import type { Lie } from "../plan/Fault.ts";
import type { PlannedSource } from "../plan/Plan.ts";
import { answerCall } from "./answer.ts";
import { forge } from "./forge.ts";
import { GENESIS } from "./genesis.ts";

/** A node behind a URL: what it has imported, and whether it is honest. */
export class Source {
  readonly id: string;
  readonly operator: string;
  /** Whether connections to it stand. */
  isUp = true;
  canProve = true;
  isStale = false;
  /** The canonical head that it imports arrives so much later. */
  lagMs = 0;
  readonly #known = new Map<Hash, SimBlock>();
  readonly #draw: Draw;
  /** Number of the newest canonical head that reached it. */
  #order = -1;
  #head: SimBlock = GENESIS.block;
  #lie: Lie | null = null;
  #lieHead: SimBlock | null = null;

  constructor({ id, operator }: PlannedSource, draw: Draw) {
    this.id = id;
    this.operator = operator;
    this.#draw = draw;
    this.#learn(GENESIS.block);
  }

  /** The head that it serves as canonical. */
  get head(): SimBlock {
    return this.#lieHead ?? this.#head;
  }

  get lie(): Lie | null {
    return this.#lie;
  }

  /** Serves the chain as it is, and everything that it is asked for. */
  get isHonest(): boolean {
    return this.#lie === null;
  }

  /** A canonical head reaches the node; false where it has a newer one, or takes none. */
  import(head: SimBlock, order: number): boolean {
    if (order <= this.#order || this.isStale) return false;
    this.#order = order;
    this.#head = head;
    this.#learn(head);
    return this.#lieHead === null;
  }

  /** Begins to lie, or, for null, ends. */
  setLie(lie: Lie | null): void {
    this.#lie = lie;
    this.#lieHead = null;
  }

  /** Serves another head than the chain's; null for the chain's own. */
  serveInstead(head: SimBlock | null): void {
    this.#lieHead = head;
    if (head !== null) this.#learn(head);
  }

  answer(calls: readonly RpcCall[]): RpcAnswer[] {
    const node = {
      head: this.head,
      blockOf: (hash: Hash): SimBlock | undefined => this.#known.get(hash),
      canProve: this.canProve,
      chainId: Number(GENESIS.contracts.immutables.chainId),
    };
    const lie = this.#lie;
    return calls.map((call) => {
      const answer = answerCall(node, call);
      return lie === null ? answer : forge(lie, call, answer, this.#draw);
    });
  }

  /** Takes a transaction in; a liar may say so and do nothing. */
  send(raw: Hash, pool: Pool): SendRefusal | null {
    if (this.#lie !== null && this.#draw.chance(0.7)) return null;
    const transaction = pool.signedAs(raw);
    const nonce = transaction === undefined ? 0 : (this.head.state.keys.get(transaction.from)?.nonce ?? 0);
    return pool.offer(raw, nonce);
  }

  #learn(head: SimBlock): void {
    for (let block: SimBlock | null = head; block !== null && !this.#known.has(block.hash); block = block.parent) {
      this.#known.set(block.hash, block);
    }
  }
}
