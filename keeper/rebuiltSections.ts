import type { Rebuilt } from "./rebuild/RebuildOptions.ts";
import { aboutSection, type SnapshotIdentity } from "./snapshotIdentity.ts";
import type { Section } from "./store/snapshots/snapshotFormat.ts";

/** The pieces of a snapshot of rebuilt books, which stand at a block. */
export function* rebuiltSections(
  { books, codeHashes }: Pick<Rebuilt, "books" | "codeHashes">,
  identity: SnapshotIdentity,
): Generator<Section> {
  yield aboutSection(identity, codeHashes);
  const { tip } = books;
  if (tip !== null) yield* books.exportAt(tip.hash, books.roots());
}
