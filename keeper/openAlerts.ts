import { join } from "node:path";

import { AlertDesk } from "./alerts/AlertDesk.ts";
import { createSinks } from "./alerts/createSinks.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import type { Store } from "./store/Store.ts";
import type { Logger } from "./telemetry/log.ts";

/** What the alerts' desk is opened with. */
export interface OpenAlertsParts {
  readonly config: KeeperConfig;
  /** Says of whom the alerts are. */
  readonly chainId: number;
  readonly store: Store;
  readonly log: Logger;
  readonly now: () => number;
  readonly wallNow: () => number;
}

/**
 * The desk that tells people what happens. A keeper that only watches tells nobody. What it has told is journalled; where that
 * fails the telling goes on.
 */
export function openAlerts({ config, chainId, store, log, now, wallNow }: OpenAlertsParts): AlertDesk {
  const origin = { keeper: config.keeperName, chainId };
  return new AlertDesk({
    sinks: config.mode === "watch" ? [] : createSinks(config.alerts, { origin, wallNow }),
    ...{ log, now, wallNow, random: Math.random },
    remindAfterMs: config.alertReminderSeconds * 1_000,
    evidenceOf: (incidentId) => join(config.dataDirectory, "evidence", incidentId),
    onRecord: (kind, body) => {
      store.append(kind, body).catch((error: unknown) => {
        log.warn("alert-not-journalled", { kind, error });
      });
    },
  });
}
