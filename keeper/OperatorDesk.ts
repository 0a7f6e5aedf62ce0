import { randomUUID } from "node:crypto";

import type { AlertDesk } from "./alerts/AlertDesk.ts";
import { ControlServer } from "./control/ControlServer.ts";
import type { OrderOutcome, SignedOrder } from "./domain/Order.ts";
import { describeError } from "./lib/describeError.ts";
import type { Effect, Input } from "./loop/ports.ts";
import type { Store } from "./store/Store.ts";
import type { Logger } from "./telemetry/log.ts";

/** What the desk is made with. */
export interface OperatorDeskOptions {
  readonly dataDirectory: string;
  readonly store: Pick<Store, "append">;
  readonly alerts: Pick<AlertDesk, "acknowledge">;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly deliver: (input: Input) => void;
}

const DEADLINE_MS = 10_000;

/**
 * Where a running keeper meets its operator: orders come over the control socket, are written down, and are carried out by the
 * alerts' desk or by the core.
 */
export class OperatorDesk {
  readonly #options: OperatorDeskOptions;
  readonly #waiting = new Map<string, (outcome: OrderOutcome) => void>();
  #server: ControlServer | null = null;
  #isLeading = false;

  private constructor(options: OperatorDeskOptions) {
    this.#options = options;
  }

  /** Opens the socket; where that cannot be, the keeper goes on without operator commands, and says so. */
  static async open(options: OperatorDeskOptions): Promise<OperatorDesk> {
    const desk = new OperatorDesk(options);
    try {
      desk.#server = await ControlServer.start({
        dataDirectory: options.dataDirectory,
        perform: desk.#perform.bind(desk),
      });
    } catch (error: unknown) {
      options.log.warn("no-operator-commands", { error });
    }
    return desk;
  }

  /** Orders are carried out from now on. */
  lead(): void {
    this.#isLeading = true;
  }

  /** Told of every effect. */
  see(effect: Effect): void {
    if (effect.type !== "order-done") return;
    this.#waiting.get(effect.id)?.({ isDone: effect.ok, detail: effect.detail });
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #perform({ order, by }: SignedOrder): Promise<OrderOutcome> {
    const { store, alerts, log } = this.#options;
    if (!this.#isLeading)
      return { isDone: false, detail: "another replica of this keeper leads: give the order there" };
    const id = randomUUID();
    log.warn("order", { id, by, order });
    try {
      await store.append("order", { id, by, order });
    } catch (error: unknown) {
      return {
        isDone: false,
        detail: `the order cannot be written down, so nothing was done: ${describeError(error)}`,
      };
    }
    if (order.kind !== "acknowledge") {
      const outcome = await this.#give(id, order);
      log.warn("order-done", { id, ...outcome });
      return outcome;
    }
    const isDone = alerts.acknowledge(order.key, by, order.reason);
    return {
      isDone,
      detail: isDone
        ? `no more reminders of ${order.key}`
        : `nothing of which people were told stands under ${order.key}`,
    };
  }

  async #give(id: string, order: Extract<Input, { type: "order" }>["order"]): Promise<OrderOutcome> {
    const { promise, resolve } = Promise.withResolvers<OrderOutcome>();
    this.#waiting.set(id, resolve);
    const timer = setTimeout(() => {
      resolve({
        isDone: false,
        detail: "the keeper has not answered yet: its log and /status say what becomes of the order",
      });
    }, DEADLINE_MS);
    this.#options.deliver({ type: "order", id, order, nowMs: this.#options.now() });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }
}
