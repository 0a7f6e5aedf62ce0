import type { Verifiers } from "../../keeper/domain/statementDigest.ts";
import type { Hex } from "../../keeper/lib/hex.ts";
import type { Effect, KeyName } from "../../keeper/loop/ports.ts";
import type { SignedByKeeper } from "../chain/Pool.ts";
import type { Plan } from "../plan/Plan.ts";
import type { KeeperProcess, Stopped } from "./KeeperProcess.ts";

type EffectOf<Type extends Effect["type"]> = Extract<Effect, { type: Type }>;

/** The machine and the world that a keeper's process runs in. */
export interface KeeperHost {
  readonly plan: Plan;
  readonly nowMs: number;
  readonly verifiers: Verifiers;
  after(ms: number, run: () => void): void;
  cover(situation: string): void;
  note(keeper: number, what: string): void;
  started(keeper: KeeperProcess): void;
  refused(keeper: KeeperProcess, why: Stopped, detail: string): void;
  /** Told of every effect before it is performed. */
  saw(keeper: KeeperProcess, effect: Effect): void;
  request(keeper: KeeperProcess, effect: EffectOf<"request">): void;
  broadcast(keeper: KeeperProcess, effect: EffectOf<"broadcast">): void;
  published(keeper: KeeperProcess): void;
  signed(raw: Hex, transaction: SignedByKeeper): void;
  /** The core threw: in a service the process ends by it. */
  threw(keeper: KeeperProcess, error: unknown): void;
  /** The core wanted to write another root for a block that it signed. */
  secondRoot(keeper: KeeperProcess): void;
  /** When a process that gets no time now gets some again; null where it has. */
  stalledUntil(keeper: number): number | null;
  isDiskFull(keeper: number): boolean;
  isSignerLost(keeper: number, key: KeyName): boolean;
}
