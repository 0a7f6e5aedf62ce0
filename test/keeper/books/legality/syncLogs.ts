import { id, ZeroHash } from "ethers";

import type { Scene } from "./scene.ts";
import type { MadeLog } from "./Stage.ts";

/** Flags as the guard pushes them. */
export const PUSHED = { none: 0n, soft: 3n, hard: 15n, windDown: 47n } as const;

const OTHER = id("incident");

/** Logs of the sync contracts as they make them on a scene, with what a test wants changed. */
export class SyncLogs {
  readonly scene: Scene;
  readonly attester: string;
  readonly head: number;
  readonly #time: bigint;
  readonly #grace: bigint;

  private constructor(scene: Scene, head: number, hot: { checkpointTime: bigint; graceUntil: bigint }) {
    this.scene = scene;
    this.attester = scene.keepers[0]!.attester.address;
    this.head = head;
    this.#time = hot.checkpointTime;
    this.#grace = hot.graceUntil;
  }

  static async of(scene: Scene): Promise<SyncLogs> {
    return new SyncLogs(scene, await scene.ethers.provider.getBlockNumber(), await scene.ledger.hotWord());
  }

  /** A push of flags; times stay unless they are given. */
  pushed(flags: bigint, time = this.#time, grace = this.#grace): MadeLog {
    return [this.scene.ledger, "HotWordPushed", [flags, time, grace]];
  }

  used(causeClass = 0, attester = this.attester): MadeLog {
    return [this.scene.keeperRegistry, "PauseUsed", [attester, causeClass, 0n, 0n]];
  }

  soft(blockNumber: number, causeClass = 0, attester = this.attester): MadeLog {
    const results = [0n, blockNumber, 0n, 0n, 1n, 0n];
    const args = [OTHER, attester, causeClass, blockNumber, id("block"), id("evidence"), ...results];
    return [this.scene.guard, "SoftPaused", args];
  }

  /** A soft pause as the contracts log it. */
  pause(blockNumber = this.head, causeClass = 0): MadeLog[] {
    return [this.used(causeClass), this.pushed(PUSHED.soft), this.soft(blockNumber, causeClass)];
  }

  hard(cause: string, witness = 0n): MadeLog {
    return [this.scene.guard, "HardPaused", [cause, witness, 1n, 0n, 0n]];
  }

  /** A halt by certificate as the contracts log it. */
  halt(cause = OTHER): MadeLog[] {
    return [this.pushed(PUSHED.hard), this.hard(cause)];
  }

  resumed(checkpoint: number, cause = OTHER): MadeLog {
    return [this.scene.guard, "Resumed", [cause, checkpoint, 1n, 0n]];
  }

  /** A wind-down as the contracts log it. */
  windDown(): MadeLog[] {
    return [this.pushed(PUSHED.windDown), [this.scene.guard, "WindDownStarted", [0n, 0n, 0n]]];
  }

  posted(blockNumber: number, { setId = 1n, version = 1n, roots = 10, root = id("root") } = {}): MadeLog {
    const { admin, registry } = this.scene;
    const list = Array.from({ length: roots }, () => root);
    return [registry, "CheckpointPosted", [blockNumber, id("block"), admin.address, setId, version, 0n, list]];
  }

  /** A post at `now` as the contracts log it; `now` in seconds. */
  post(blockNumber: number, now: number, change: Parameters<SyncLogs["posted"]>[1] = {}): MadeLog[] {
    return [this.pushed(PUSHED.none, BigInt(now)), this.posted(blockNumber, change)];
  }

  repaired(contract: MadeLog[0], slot: string, value: bigint): MadeLog[] {
    const word = `0x${value.toString(16).padStart(64, "0")}`;
    return [
      [contract, "WordRepaired", [slot, ZeroHash, word]],
      [this.scene.guard, "RepairMade", [contract.target, 0n]],
    ];
  }

  accepted(corrections: readonly (readonly [book: string, slot: string, value: bigint])[], block = this.head): MadeLog {
    const list = corrections.map(([book, slot, value]) => [book, slot, `0x${value.toString(16).padStart(64, "0")}`]);
    return [this.scene.guard, "BooksAccepted", [block, id("block"), list]];
  }
}
