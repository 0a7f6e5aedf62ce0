import type { Hash } from "../lib/hex.ts";
import { readRemembered, type Remembered } from "./Remembered.ts";

/** What a keeper, whichever of its replicas led, has signed and done before. */
export interface OwnPast {
  /** Roots already signed, by block hash: never two for one hash. */
  readonly signedRoots: ReadonlyMap<Hash, Hash>;
  /** The highest block among them; absent where none was signed. */
  readonly newestSigned?: number;
  /** A consensus fault was found in an earlier run, and no operator has ordered to resume after it since. */
  readonly hadConsensusFault?: boolean;
  /** What it did before; absent where it never ran. */
  readonly remembered?: Remembered;
}

/** Reads it out of the store's records, oldest first. */
export function readOwnPast(records: readonly { readonly kind: string; readonly body: unknown }[]): OwnPast {
  const signedRoots = new Map<Hash, Hash>();
  let newestSigned = -1;
  let hadConsensusFault = false;
  for (const { kind, body } of records) {
    if (kind === "latch" && isConsensusFault(body)) hadConsensusFault = true;
    if (kind === "resume-certificate") hadConsensusFault = false;
    if (kind !== "signature") continue;
    const { blockHash, booksRoot, blockNumber } = body as { blockHash: Hash; booksRoot: Hash; blockNumber?: number };
    signedRoots.set(blockHash, booksRoot);
    newestSigned = Math.max(newestSigned, blockNumber ?? -1);
  }
  const remembered = readRemembered(records);
  return { signedRoots, ...(newestSigned === -1 ? {} : { newestSigned }), hadConsensusFault, remembered };
}

/** A latch's record says why: see `ChainReport`. */
function isConsensusFault(body: unknown): boolean {
  const { detail } = body as { readonly detail?: unknown };
  return typeof detail === "string" && detail.startsWith("consensus fault");
}
