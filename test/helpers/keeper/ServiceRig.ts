import type { Effect } from "../../../keeper/loop/ports.ts";
import { startLocalKeeper, type LocalKeeper, type LocalKeeperOptions } from "../../../scripts/local/LocalKeeper.ts";
import { watchKeeper } from "../scenarioFacts.ts";
import { SILENT } from "../silentLog.ts";

type EffectOf<Type extends Effect["type"]> = Extract<Effect, { type: Type }>;

const DEADLINE_MS = 15_000;

/** A keeper as a service, and everything that it does. */
export class ServiceRig {
  readonly effects: Effect[] = [];
  #keeper: LocalKeeper | null = null;
  readonly #waiting = new Set<() => void>();

  static async start(options: Omit<LocalKeeperOptions, "log" | "onEffect">): Promise<ServiceRig> {
    const rig = new ServiceRig();
    watchKeeper("a daemon's parts on Anvil", rig.effects);
    rig.#keeper = await startLocalKeeper({
      ...options,
      log: SILENT,
      onEffect: (effect) => {
        rig.effects.push(effect);
        for (const check of rig.#waiting) check();
      },
    });
    return rig;
  }

  all<Type extends Effect["type"]>(type: Type): EffectOf<Type>[] {
    return this.effects.filter((effect): effect is EffectOf<Type> => effect.type === type);
  }

  /** Resolves as soon as an effect, now or later, makes `condition` true. */
  async until(what: string, condition: () => boolean): Promise<void> {
    if (condition()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (condition()) resolve();
    };
    this.#waiting.add(check);
    const timer = setTimeout(() => {
      reject(new Error(`${what}: not in time; last: ${this.#tail()}`));
    }, DEADLINE_MS);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(check);
    }
  }

  /** Waits until the keeper says InSync of block `number` or a later one. */
  async untilInSync(number: number): Promise<void> {
    await this.until(`InSync at ${number}`, () => {
      const report = this.all("block").at(-1)?.report;
      return report?.verdict.kind === "InSync" && report.number >= number;
    });
  }

  async stop(): Promise<void> {
    await this.#keeper?.stop();
  }

  #tail(): string {
    const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
    const told = this.effects.filter(({ type }) => type !== "request").slice(-4);
    return JSON.stringify(told, plain).slice(0, 1_500);
  }
}
