import type { Rebuilt } from "../rebuild/RebuildOptions.ts";
import { describeSeconds } from "./resyncProgress.ts";
import { describeComparison, type Comparison } from "./resyncSnapshot.ts";

/** What came of a resync. */
export interface ResyncReport {
  readonly rebuilt: Rebuilt;
  readonly seconds: number;
  /** Of the snapshot that was there before. */
  readonly comparison: Comparison;
  /** The new snapshot; null when none was written. */
  readonly written: { readonly path: string; readonly bytes: number } | null;
}

const MIB = 1_048_576;

/** For people: what was rebuilt, what is proven of it, who was in trouble, and where the snapshot is. */
export function formatResync({ rebuilt, seconds, comparison, written }: ResyncReport): string {
  const { block, blocks, events, roots, findingCount, findings, restarts, sources } = rebuilt;
  if (block === null) return "no block of the protocol is final yet: there is nothing to rebuild";
  const lines = [`books rebuilt at block ${block.number} ${block.hash}`];
  lines.push(`  ${blocks} blocks, ${events} events in ${describeSeconds(seconds)}`);
  lines.push(
    roots.kind === "proven"
      ? "  proven: every storage root is the chain's"
      : `  UNPROVEN: nobody proves ${roots.contracts.join(", ")} at this block (${roots.detail})`,
  );
  if (restarts > 0) lines.push(`  the chain changed meanwhile, ${restarts} times`);
  if (findingCount > 0) {
    lines.push(`  the history shows ${findingCount} divergences:`);
    for (const { blockNumber, contract, cause, detail } of findings) {
      lines.push(`    block ${blockNumber}: ${contract} ${cause}, ${detail}`);
    }
  }
  for (const { id, missed, forged, trouble } of sources) {
    if (forged > 0) lines.push(`  source ${id} answered falsely ${forged} times: ${trouble}`);
    else if (missed > 0) lines.push(`  source ${id} did not answer ${missed} times: ${trouble}`);
  }
  lines.push(`  ${describeComparison(comparison)}`);
  lines.push(
    written === null
      ? "  no snapshot written: look at the divergences first, then run again with --despite-findings"
      : `  snapshot ${written.path} (${(written.bytes / MIB).toFixed(1)} MiB)`,
  );
  return lines.join("\n");
}

/** The same for programs, in one line. */
export function toResyncJson({ rebuilt, seconds, comparison, written }: ResyncReport): string {
  const { block, blocks, events, roots, findingCount, findings, restarts, sources } = rebuilt;
  const told = { block, blocks, events, seconds, roots, findingCount, findings, restarts, sources };
  return JSON.stringify({ type: "result", ...told, before: comparison, snapshot: written });
}
