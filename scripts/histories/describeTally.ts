import type { Tally } from "./runHistories.ts";

/** A line about a run that goes on or is over. */
export function describeProgress({ histories, attempts, convictions, failures }: Tally, seconds: number): string {
  const pace = histories === 0 ? "" : `, ${((1_000 * seconds) / histories).toFixed(1)} ms each`;
  const facts = [
    `${format(histories)} histories${pace}`,
    `${format(attempts)} attempts`,
    `${format(convictions)} convictions`,
  ];
  return [...facts, `${failures.length} failures`].join(", ");
}

/** All that a run came to. `nameOf` names errors by their selectors. */
export function describeTally(tally: Tally, nameOf: (error: string) => string): string {
  const lines = [
    `${format(tally.blocks)} blocks, ${format(tally.deadBlocks)} of them on forks that died; books change in ` +
      `${format(tally.changes)} histories`,
    `${format(tally.honestStatements)} honest attestations with ${format(tally.attemptsOnHonest)} attempts to convict them`,
    `${format(tally.lies)} attestations of liars:`,
  ];
  for (const [kind, { count, convicted }] of [...tally.byKind].sort()) {
    if (kind !== "honest") lines.push(`  ${kind}: ${format(count)}, ${format(convicted)} convicted`);
  }
  lines.push("what refused the attempts:");
  for (const [attack, outcomes] of [...tally.byAttack].sort()) {
    const counts = [...outcomes].sort(([, one], [, other]) => other - one);
    const named = counts.map(([error, count]) => `${error === "convicted" ? error : nameOf(error)} ${format(count)}`);
    lines.push(`  ${attack}: ${named.join(", ")}`);
  }
  return lines.join("\n");
}

function format(count: number): string {
  return count.toLocaleString("en");
}
