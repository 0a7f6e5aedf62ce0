import { open, readFile } from "node:fs/promises";
import { join } from "node:path";

import { KeeperError } from "../errors/KeeperError.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import { isRecord } from "../probes/isRecord.ts";

/** A transaction that was about to be sent. */
export interface RotationIntent {
  readonly from: string;
  readonly nonce: number;
  readonly step: string;
  readonly hash: Hash;
  readonly raw: Hex;
}

const FILE_NAME = "key-rotation.ndjson";

/**
 * What `keys rotate --send` was about to send, in the data directory: a file of its own, because the keeper that runs has the store. A
 * line is durable before its transaction is sent, so that the same is sent again and no other one beside it.
 */
export class RotationJournal {
  readonly path: string;

  constructor(dataDirectory: string) {
    this.path = join(dataDirectory, FILE_NAME);
  }

  /** The newest intent of an account. What was cut off by a crash was not sent. @throws KeeperError `RotationJournalFailed` */
  async newest(from: string): Promise<RotationIntent | null> {
    let text: string;
    try {
      text = await readFile(this.path, "utf8");
    } catch (error: unknown) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw this.#failed(error);
    }
    const intents = text.split("\n").flatMap((line) => readLine(line));
    return intents.findLast((intent) => intent.from === from) ?? null;
  }

  /** @throws KeeperError `RotationJournalFailed` */
  async add(intent: RotationIntent): Promise<void> {
    try {
      const file = await open(this.path, "a", 0o600);
      try {
        // A line that was cut off ends here.
        await file.writeFile(`\n${JSON.stringify(intent)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error: unknown) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): KeeperError {
    const message = `${this.path} cannot be used, so nothing is sent: look at its folder, at the disk and at your rights`;
    return new KeeperError("RotationJournalFailed", message, { path: this.path }, { cause: error });
  }
}

function readLine(line: string): RotationIntent[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return [];
  }
  if (!isRecord(value)) return [];
  const { from, nonce, step, hash, raw } = value;
  const isWhole = [from, step, hash, raw].every((text) => typeof text === "string") && Number.isSafeInteger(nonce);
  return isWhole ? [value as unknown as RotationIntent] : [];
}
