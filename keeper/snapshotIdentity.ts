import { BOOK_NAMES, type BookAddresses, type BookName, type Immutables } from "./domain/bookSet.ts";
import type { PinnedBlock } from "./domain/chainProfile.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import type { Hash } from "./lib/hex.ts";
import type { Section } from "./store/snapshots/snapshotFormat.ts";

/** Which protocol on which chain a snapshot is of: of another it says nothing. */
export interface SnapshotIdentity {
  readonly chainId: number;
  readonly genesisHash: Hash;
  readonly deploymentBlock: number;
  readonly pin: PinnedBlock | null;
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
}

/** What a snapshot says of itself, beside the books. */
export interface SnapshotAbout {
  /** By the names of {@link partsOf}. */
  readonly identity: Readonly<Record<string, string>>;
  /** The code that the contracts had when they were in sync. */
  readonly codeHashes: ReadonlyMap<BookName, Hash>;
}

/** The section that says of whom the books are. */
const ABOUT = 1;

/** The first section of a snapshot. */
export function aboutSection(identity: SnapshotIdentity, codeHashes: ReadonlyMap<BookName, Hash>): Section {
  const about = { identity: partsOf(identity), codeHashes: Object.fromEntries(codeHashes) };
  return { kind: ABOUT, bytes: new TextEncoder().encode(JSON.stringify(about)) };
}

/** What the first section of a snapshot says. Throws KeeperError `SnapshotMalformed`. */
export function readAbout(sections: readonly Section[]): SnapshotAbout {
  const section = sections.find(({ kind }) => kind === ABOUT);
  if (section === undefined) throw new KeeperError("SnapshotMalformed", "the snapshot does not say whose it is");
  const { identity, codeHashes } = JSON.parse(new TextDecoder().decode(section.bytes)) as {
    readonly identity: Record<string, string>;
    readonly codeHashes: Readonly<Partial<Record<BookName, Hash>>>;
  };
  const pairs = BOOK_NAMES.flatMap((name) => {
    const hash = codeHashes[name];
    return hash === undefined ? [] : [[name, hash] as const];
  });
  return { identity, codeHashes: new Map(pairs) };
}

/** What of a snapshot's identity is not this keeper's, in words; empty when it is of the same protocol on the same chain. */
export function differencesFrom(identity: SnapshotIdentity, said: Readonly<Record<string, string>>): string[] {
  const own = partsOf(identity);
  return Object.entries(own).flatMap(([part, value]) => {
    const other = said[part];
    return other === value ? [] : [`${part} ${other ?? "(none)"} instead of ${value}`];
  });
}

/** Everything that makes an identity, as text. */
function partsOf({
  chainId,
  genesisHash,
  deploymentBlock,
  pin,
  addresses,
  immutables,
}: SnapshotIdentity): Record<string, string> {
  const parts: [string, string][] = [
    ["chain", String(chainId)],
    ["block 0", genesisHash],
    ["deployment block", String(deploymentBlock)],
    ["pinned block", pin === null ? "none" : `${pin.number}:${pin.hash}`],
    ...BOOK_NAMES.map((name): [string, string] => [name, addresses[name]]),
    ...Object.entries(immutables).map(([name, value]): [string, string] => [name, String(value)]),
  ];
  return Object.fromEntries(parts);
}
