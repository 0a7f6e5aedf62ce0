import { Status } from "../../keeper/Status.ts";
import type { MetricFamily } from "../../keeper/telemetry/Metrics.ts";

/** Every metric of a keeper, by name. */
export function metricFamilies(): ReadonlyMap<string, MetricFamily> {
  const { metricFamilies: families } = new Status(() => 0);
  return new Map(families.map((family) => [family.name, family]));
}
