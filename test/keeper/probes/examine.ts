import { createSource } from "../../../keeper/chain/sources/createSource.ts";
import { parseSourceUrl } from "../../../keeper/lib/parseSourceUrl.ts";
import { profileOf } from "../../../keeper/domain/chainProfile.ts";
import { examineSource } from "../../../keeper/probes/examineSource.ts";
import type { ProbeResult } from "../../../keeper/probes/Probe.ts";
import type { SourceFacts } from "../../../keeper/probes/SourceContext.ts";
import type { SourceReport } from "../../../keeper/probes/SourceReport.ts";

/** What a test knows better than a doctor does of a local chain. */
export interface Examination extends Partial<SourceFacts> {
  readonly client?: string;
  /** Time of a probe as a whole. */
  readonly probeMs?: number;
}

/** Runs every probe against a URL, as `doctor` does. */
export async function examine(
  url: string,
  { client = "anvil", probeMs = 3_000, ...facts }: Examination = {},
): Promise<SourceReport> {
  const now = (): number => performance.now();
  const source = createSource({ id: "tried", url, operator: "op", client }, { now });
  const signal = new AbortController().signal;
  source.open({ onHead: () => undefined, onUp: () => undefined, onDown: () => undefined }, signal);
  try {
    const known: SourceFacts = {
      source,
      transport: parseSourceUrl(url)!.kind,
      chainId: 31_337,
      chain: profileOf(31_337),
      subject: `0x${"00".repeat(20)}`,
      proofDepth: 8,
      deadlineMs: 1_000,
      now,
      wallNow: Date.now,
      ...facts,
    };
    return await examineSource(known, { deadlineMs: probeMs, signal }, () => undefined);
  } finally {
    await source.close();
  }
}

/** The result of the probe with a name. */
export function resultOf({ results }: SourceReport, name: string): ProbeResult {
  const found = results.find((result) => result.name === name);
  if (found === undefined) throw new Error(`no probe ${name}`);
  return found;
}

/** Statuses by name. */
export function statusesOf({ results }: SourceReport): Record<string, string> {
  return Object.fromEntries(results.map(({ name, status }) => [name, status]));
}
