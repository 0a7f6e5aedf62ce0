import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { Migration } from "../../../keeper/store/migrations.ts";
import type { SqlStore } from "../../../keeper/store/SqlStore.ts";

/** A store under test, in either database. */
export interface StoreSubject {
  /** Opens it, and takes the lead. */
  open(migrations?: readonly Migration[]): Promise<SqlStore>;
  /** Executes statements behind the store's back. */
  tamper(statements: string): Promise<void>;
  /** Arguments for `childMain.ts` by which a child process opens it. */
  readonly childArguments: readonly string[];
  remove(): Promise<void>;
}

/** A hash that says its number. */
export function hashOf(number: number): Hash {
  return `0x${number.toString(16).padStart(64, "0")}`;
}

/** The body of a signature's record. */
export function signatureBody(block: number, root: number, chainId = 1): Record<string, unknown> {
  return { chainId, blockHash: hashOf(block), booksRoot: hashOf(root), blockNumber: block };
}

/** "ok", or the code of the fault. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "ok";
  } catch (error: unknown) {
    if (error instanceof KeeperError) return error.code;
    throw error;
  }
}

/** The fault with which a promise is rejected. */
export async function faultOf(promise: Promise<unknown>): Promise<KeeperError> {
  const outcome: unknown = await promise.then(
    () => "nothing was thrown",
    (error: unknown) => error,
  );
  if (outcome instanceof KeeperError) return outcome;
  throw outcome instanceof Error ? outcome : new Error(String(outcome));
}
