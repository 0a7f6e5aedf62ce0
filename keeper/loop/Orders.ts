import type { CoreOrder } from "../domain/Order.ts";
import type { Finding } from "../domain/Finding.ts";
import type { Decider } from "./Decider.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import type { Standing } from "./Follower.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { Pauses } from "./Pauses.ts";
import type { Quorum } from "./quorum/Quorum.ts";

/** What orders are carried out with. */
export interface OrdersParts {
  readonly outbox: Outbox;
  readonly decider: Decider;
  readonly quorum: Quorum;
  /** For pauses that an operator wants. */
  readonly manual: Pauses;
  /** All that may have incidents. */
  readonly pauses: readonly Pauses[];
}

/** Carries out what an operator orders, and says what came of it. */
export class Orders {
  readonly #options: KeeperOptions;
  readonly #parts: OrdersParts;

  constructor(options: KeeperOptions, parts: OrdersParts) {
    this.#options = options;
    this.#parts = parts;
  }

  take(id: string, order: CoreOrder, standing: Standing | null): void {
    const { quorum, decider } = this.#parts;
    if (order.kind === "sign-resume") {
      quorum.signResume(id, order, decider.opinion);
      return;
    }
    const refusal = order.kind === "pause" ? this.#pause(order.reason, standing) : this.#close(order.incidentId);
    const done = order.kind === "pause" ? "the pause is on its way: see the incident" : "closed";
    this.#parts.outbox.emit({ type: "order-done", id, ok: refusal === null, detail: refusal ?? done });
  }

  /** A manual pause is over for the keeper as soon as it is effective: the guard keeps it until it is lifted. */
  settle(): void {
    this.#parts.manual.close();
  }

  #close(incidentId: string): string | null {
    const refusals = this.#parts.pauses.map((pauses) => pauses.closeByOrder(incidentId));
    return refusals.includes(null)
      ? null
      : (refusals.find((text) => !text?.startsWith("no open")) ?? refusals[0] ?? null);
  }

  /** Opens an incident for the newest block that k operators serve; why not, where it does not. */
  #pause(reason: string, standing: Standing | null): string | null {
    const { policy, pauser } = this.#options;
    const block: FetchedBlock | null = standing?.agreed ?? null;
    if (policy.mode !== "act") return `the keeper's mode is ${policy.mode}: only act pauses`;
    if (pauser === null) return "no pause key is configured";
    if (block?.header == null) return "no block is known that k operators serve";
    const finding: Finding = {
      ...{ cause: "ordered", contract: "SyncGuard", detail: reason, logIndex: null },
      ...{ blockNumber: block.header.number, blockHash: block.hash },
    };
    return this.#parts.manual.open([finding]) ? null : "a pause that was ordered before is still on its way";
  }
}
