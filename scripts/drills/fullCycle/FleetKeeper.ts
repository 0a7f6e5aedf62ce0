import type { Wallet } from "ethers";

import { sendOrder } from "../../../keeper/control/sendOrder.ts";
import type { OrderOutcome } from "../../../keeper/domain/Order.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { Effect } from "../../../keeper/loop/ports.ts";
import { createLogger } from "../../../keeper/telemetry/log.ts";
import { startLocalKeeper, type LocalKeeper, type LocalKeeperOptions } from "../../local/LocalKeeper.ts";

type EffectOf<Type extends Effect["type"]> = Extract<Effect, { type: Type }>;

/** An effect, and when it was performed: monotonic milliseconds. */
export interface SeenEffect<Type extends Effect["type"]> {
  readonly effect: EffectOf<Type>;
  readonly atMs: number;
}

const ORDER_DEADLINE_MS = 15_000;

/** A keeper as a service with a data directory of its own, and what it does. */
export class FleetKeeper {
  readonly name: string;
  /** Its attest key; null for one that has none. */
  readonly attester: Wallet | null;
  readonly #seen: { readonly effect: Effect; readonly atMs: number }[] = [];
  #running: LocalKeeper | null = null;

  private constructor(name: string, attester: Wallet | null) {
    this.name = name;
    this.attester = attester;
  }

  static async start(
    name: string,
    attester: Wallet | null,
    options: Omit<LocalKeeperOptions, "log" | "onEffect">,
    wallNow: () => number,
  ): Promise<FleetKeeper> {
    const keeper = new FleetKeeper(name, attester);
    keeper.#running = await startLocalKeeper({
      ...options,
      log: createLogger({ level: "error", output: { write: () => true }, now: wallNow }),
      onEffect: (effect, atMs) => {
        // Requests are nearly everything, and tell nothing of the story.
        if (effect.type !== "request") keeper.#seen.push({ effect, atMs });
      },
    });
    return keeper;
  }

  get running(): LocalKeeper {
    if (this.#running === null) throw new Error("the keeper has not started");
    return this.#running;
  }

  /** Everything of one kind that it did, oldest first. */
  all<Type extends Effect["type"]>(type: Type): SeenEffect<Type>[] {
    return this.#seen.filter((seen): seen is SeenEffect<Type> => seen.effect.type === type);
  }

  /** The first block at or above `number` of which it gave this verdict. */
  firstVerdict(kind: "InSync" | "Diverged", number: number): SeenEffect<"block"> | undefined {
    return this.all("block").find(({ effect: { report } }) => report.verdict.kind === kind && report.number >= number);
  }

  /** The last state of an incident; null when it knows none of this id. */
  stateOf(incidentId: Hash): string | null {
    return this.running.service.status.incidents.get(incidentId)?.state ?? null;
  }

  /** `lockstep resume sign`, through the socket in its data directory. */
  async orderResume(): Promise<OrderOutcome> {
    const { dataDirectory } = this.running;
    return sendOrder({ kind: "sign-resume" }, { dataDirectory, by: "drill", deadlineMs: ORDER_DEADLINE_MS });
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }
}
