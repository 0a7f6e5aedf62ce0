import { setTimeout as sleep } from "node:timers/promises";

import { messageOf } from "./lib/messageOf.ts";
import { Books } from "./books/Books.ts";
import type { BooksImage, ImageBlock } from "./books/BooksImage.ts";
import { readImage } from "./books/imageSections.ts";
import { BOOK_NAMES, type BookName } from "./domain/bookSet.ts";
import { Votes } from "./chain/agree/Votes.ts";
import type { Header } from "./chain/verify/header.ts";
import type { Source } from "./chain/sources/Source.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import type { Hash } from "./lib/hex.ts";
import type { RpcAnswer } from "./loop/ports.ts";
import { proofCalls, readBooks, readServedHeader, type ProvenBooks } from "./loop/requestBlock.ts";
import type { StartingPoint } from "./loop/StartingPoint.ts";
import { differencesFrom, readAbout, type SnapshotIdentity } from "./snapshotIdentity.ts";
import type { SnapshotFile, SnapshotStore } from "./store/snapshots/SnapshotStore.ts";
import type { Logger } from "./telemetry/log.ts";
import { EMPTY_ROOT } from "./trie/nodeEncoding.ts";

/** What restoring needs. */
export interface RestoreParts {
  readonly store: SnapshotStore;
  readonly identity: SnapshotIdentity;
  readonly sources: readonly Source[];
  readonly deadlineMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What k operators say of the block of a snapshot. */
type Word = { readonly kind: "theirs"; readonly header: Header } | { readonly kind: "another"; readonly hash: Hash };

/** Why a snapshot is not used. */
interface Refusal {
  readonly event: string;
  readonly detail: string;
  /** It will never be of use: out of the way with it. */
  readonly isFinal: boolean;
}

/** How often k operators are asked for a block, before the snapshot is passed over. */
const ATTEMPTS = 4;
const PAUSE_MS = 500;

/**
 * The newest snapshot that is of this protocol and whose block k operators serve; its roots are proven by account proofs, or
 * nobody can prove a block so old. Each that is not used is named in the log, with why. Null when none is left: the books are made from the chain.
 */
export async function restore(parts: RestoreParts): Promise<StartingPoint | null> {
  const { store, log } = parts;
  for (const file of await listed(parts)) {
    const outcome = await tried(file, parts);
    if (!("event" in outcome)) return outcome;
    const { event, detail, isFinal } = outcome;
    const next = "the next older one is tried, and then the chain from the deployment on";
    log.warn(event, { file: store.pathOf(file), detail, aside: isFinal ? await aside(file, parts) : null, next });
  }
  return null;
}

async function listed({ store, log }: RestoreParts): Promise<SnapshotFile[]> {
  try {
    return await store.list();
  } catch (error: unknown) {
    log.warn("snapshots-unreadable", { error });
    return [];
  }
}

async function aside(file: SnapshotFile, { store, log }: RestoreParts): Promise<string | null> {
  try {
    return await store.setAside(file);
  } catch (error: unknown) {
    log.warn("snapshot-not-moved", { file: store.pathOf(file), error });
    return null;
  }
}

async function tried(file: SnapshotFile, parts: RestoreParts): Promise<StartingPoint | Refusal> {
  const { store, identity } = parts;
  try {
    const sections = await store.read(file);
    const { identity: said, codeHashes } = readAbout(sections);
    const differences = differencesFrom(identity, said);
    if (differences.length > 0) {
      const detail = `it is of another protocol or chain: ${differences.join(", ")}`;
      return { event: "snapshot-foreign", detail, isFinal: false };
    }
    const image = readImage(sections);
    return await accepted(image, codeHashes, parts);
  } catch (error: unknown) {
    if (parts.signal.aborted) throw error;
    const detail = messageOf(error);
    // What the disk refuses now, or another version has written, may be of use later; whatever else is wrong with it stays wrong.
    const isLater = KeeperError.is(error, "SnapshotFailed") || KeeperError.is(error, "SnapshotVersion");
    return { event: isLater ? "snapshot-unreadable" : "snapshot-damaged", detail, isFinal: !isLater };
  }
}

async function accepted(
  image: BooksImage,
  codeHashes: ReadonlyMap<BookName, Hash>,
  parts: RestoreParts,
): Promise<StartingPoint | Refusal> {
  const { identity, log } = parts;
  const { block } = image;
  const word = await askForBlock(block, parts);
  if (word === null) {
    const detail = `k operators do not serve block ${block.number} now`;
    return { event: "snapshot-unconfirmed", detail, isFinal: false };
  }
  if (word.kind === "another" || !isOf(block, word.header)) {
    const hash = word.kind === "another" ? word.hash : word.header.hash;
    const detail = `its block ${block.number} is ${block.hash}, k operators serve ${hash} there: a reorg took it away`;
    return { event: "snapshot-orphaned", detail, isFinal: true };
  }
  const { header } = word;
  const proven = await askForProofs(header, parts);
  const differing = proven === null ? [] : differingBooks(image, codeHashes, proven);
  if (differing.length > 0) {
    const detail = `at block ${block.number} the chain proves something else than it holds of ${differing.join(", ")}`;
    return { event: "snapshot-disproved", detail, isFinal: true };
  }
  const books = Books.fromImage(identity, image);
  const told = { number: block.number, hash: block.hash, timestamp: block.timestamp };
  if (proven !== null) log.info("snapshot-proven", told);
  else
    log.warn("snapshot-provisional", { ...told, detail: "nobody proves a block so old: the next proven one decides" });
  return { books, header, proven, codeHashes };
}

function isOf(block: ImageBlock, { number, hash, parentHash, timestamp }: Header): boolean {
  const isSame = number === block.number && hash === block.hash;
  return isSame && parentHash === block.parentHash && timestamp === block.timestamp;
}

function differingBooks(image: BooksImage, codeHashes: ReadonlyMap<BookName, Hash>, proven: ProvenBooks): BookName[] {
  return BOOK_NAMES.filter((name) => {
    // A contract that is not there has no storage: the same root as one without a word.
    const { storageRoot, codeHash } = proven[name] ?? { storageRoot: EMPTY_ROOT, codeHash: null };
    const learnt = codeHashes.get(name);
    const isOtherCode = learnt !== undefined && codeHash !== null && learnt !== codeHash;
    return image.books[name].root !== storageRoot || isOtherCode;
  });
}

/** Asks everybody, a few times, which block has the height of a snapshot's; null when no k operators say the same. */
async function askForBlock(block: ImageBlock, parts: RestoreParts): Promise<Word | null> {
  for (let attempt = 1; ; attempt += 1) {
    const word = await askOnce(block, parts);
    if (word !== null || attempt === ATTEMPTS) return word;
    await sleep(PAUSE_MS, undefined, { signal: parts.signal });
  }
}

/** Resolves as soon as k operators have said the same. */
async function askOnce({ number, hash }: ImageBlock, { sources, deadlineMs }: RestoreParts): Promise<Word | null> {
  const { quorum } = new Votes(sources);
  const said = new Map<Hash, Set<string>>();
  return firstOf(
    sources.map(async (source): Promise<Word | null> => {
      const header = await readHeaderAt(source, number, deadlineMs);
      if (header === null) return null;
      const operators = (said.get(header.hash) ?? new Set()).add(source.operator);
      said.set(header.hash, operators);
      if (operators.size < quorum) return null;
      return header.hash === hash ? { kind: "theirs", header } : { kind: "another", hash: header.hash };
    }),
  );
}

/** The header that a source serves at a height, if it hashes to what it says of itself. */
async function readHeaderAt(source: Source, number: number, deadlineMs: number): Promise<Header | null> {
  try {
    const value = await source.request("eth_getBlockByNumber", [`0x${number.toString(16)}`, false], { deadlineMs });
    const header = readServedHeader(value);
    return header?.number === number ? header : null;
  } catch (error: unknown) {
    if (KeeperError.is(error)) return null;
    throw error;
  }
}

/** Asks everybody for account proofs at a block; the first that verify are as good as any. Null when nobody has them. */
async function askForProofs(
  header: Header,
  { identity, sources, deadlineMs }: RestoreParts,
): Promise<ProvenBooks | null> {
  return firstOf(
    sources.map(async (source) => {
      const items = await source.batch(proofCalls(header.hash, identity.addresses, []), { deadlineMs });
      const answers = items.map((item): RpcAnswer =>
        item.ok ? { ok: true, value: item.result } : { ok: false, code: item.error.code, message: item.error.message },
      );
      const outcome = readBooks(answers, header, identity.addresses);
      return outcome.kind === "ok" ? outcome.value : null;
    }),
  );
}

/** The first value that is not null, as soon as it is there. */
async function firstOf<Value>(values: readonly Promise<Value | null>[]): Promise<Value | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Value | null>();
  for (const value of values) {
    value.then((found) => {
      if (found !== null) resolve(found);
    }, reject);
  }
  Promise.all(values).then(() => {
    resolve(null);
  }, reject);
  return promise;
}
