import { skip, type ProbeResult } from "./Probe.ts";
import { reachable } from "./reachable.ts";
import { runProbe, type ProbeBounds } from "./runProbe.ts";
import { SourceContext, type SourceFacts } from "./SourceContext.ts";
import { SOURCE_PROBES } from "./sourceProbes.ts";
import type { SourceReport } from "./SourceReport.ts";

/** Runs every probe of one source, one after the other, and tells of each. One that does not answer is not asked on. */
export async function examineSource(
  facts: SourceFacts,
  bounds: ProbeBounds,
  onResult: (result: ProbeResult) => void,
): Promise<SourceReport> {
  const results: ProbeResult[] = [];
  let isReachable = true;
  for (const { name, run } of SOURCE_PROBES) {
    const result = isReachable
      ? await runProbe(name, (signal) => run(new SourceContext(facts, signal)), bounds)
      : { name, ...skip("not reachable") };
    if (name === reachable.name && result.status === "fail") isReachable = false;
    results.push(result);
    onResult(result);
  }
  const { source, transport } = facts;
  const { id, operator, client, redactedUrl: url } = source;
  return { id, operator, client, url, transport, results };
}
