import type { KeeperConfig } from "./config/KeeperConfig.ts";
import { openRelays } from "./openRelays.ts";
import { Performer, type PerformerOptions } from "./Performer.ts";
import type { Status } from "./Status.ts";
import type { Logger } from "./telemetry/log.ts";

/** What performing needs of the service. */
export interface CreatePerformerOptions extends Omit<PerformerOptions, "relays" | "requestDeadlineMs" | "onSent"> {
  readonly config: KeeperConfig;
  readonly log: Logger;
  readonly status: Status;
}

/** A performer with the configured relays, whose sends are told in the log and the status. */
export function createPerformer({ config, log, status, ...parts }: CreatePerformerOptions): Performer {
  return new Performer({
    ...parts,
    relays: openRelays({ config, log, status }),
    requestDeadlineMs: config.requestDeadlineMs,
    onSent: (hash, source, error) => {
      status.sent(hash, error === null);
      if (error !== null) log.warn("send-refused", { hash, source, error });
    },
  });
}
