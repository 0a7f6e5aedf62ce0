import type { Afterwards } from "./Afterwards.ts";
import type { AlertDesk } from "./alerts/AlertDesk.ts";
import type { Effect } from "./loop/ports.ts";
import { openAlerts, type OpenAlertsParts } from "./openAlerts.ts";
import { OperatorDesk, type OperatorDeskOptions } from "./OperatorDesk.ts";

/** What a room for people is made with. */
export interface PeopleRoomParts extends OpenAlertsParts, Pick<OperatorDeskOptions, "deliver"> {
  /** What must be written down cannot be. */
  readonly onFatal: (error: unknown) => void;
  /** Where telling people waits for acts. */
  readonly afterwards: Pick<Afterwards, "add">;
}

const TICK_MS = 200;

/** Where the keeper meets people: it tells them what happens, and takes their orders. */
export class PeopleRoom {
  readonly alerts: AlertDesk;
  readonly #parts: PeopleRoomParts;
  readonly #operator: OperatorDesk;
  #ticker: NodeJS.Timeout | null = null;

  private constructor(parts: PeopleRoomParts, alerts: AlertDesk, operator: OperatorDesk) {
    this.#parts = parts;
    this.alerts = alerts;
    this.#operator = operator;
  }

  /** From now on people are told, going on where the last run, or the replica that led before, left off. */
  lead(): void {
    this.alerts.restore(this.#parts.store.records());
    this.#operator.lead();
    this.#ticker = setInterval(() => {
      this.alerts.tick();
    }, TICK_MS);
  }

  static async open(parts: PeopleRoomParts): Promise<PeopleRoom> {
    const { config, store, log, now, deliver } = parts;
    const alerts = openAlerts(parts);
    const { dataDirectory } = config;
    return new PeopleRoom(parts, alerts, await OperatorDesk.open({ dataDirectory, store, alerts, log, now, deliver }));
  }

  /** Told of every effect. A halt is durable before anybody is told of it. While another replica leads, that one tells. */
  see(effect: Effect): void {
    if (this.#ticker === null) return;
    this.#operator.see(effect);
    if (effect.type !== "latch") {
      this.#tell(effect);
      return;
    }
    this.#parts.store.append("latch", { detail: effect.detail }).then(() => {
      this.#tell(effect);
    }, this.#parts.onFatal);
  }

  #tell(effect: Effect): void {
    this.#parts.afterwards.add(() => {
      this.alerts.take(effect);
    });
  }

  /** Takes no more orders, and gives what is to be told a bounded time. */
  async close(): Promise<void> {
    await this.#operator.close();
    await this.alerts.close();
    if (this.#ticker !== null) clearInterval(this.#ticker);
  }
}
