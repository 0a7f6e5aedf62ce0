import type { KeeperConfig } from "./config/KeeperConfig.ts";
import { Relay } from "./Relay.ts";
import { Relays } from "./Relays.ts";
import type { Status } from "./Status.ts";
import type { Logger } from "./telemetry/log.ts";

/** What the relays need of the service. */
export interface OpenRelaysOptions {
  readonly config: Pick<KeeperConfig, "relays" | "requestDeadlineMs">;
  readonly log: Logger;
  readonly status: Pick<Status, "acting" | "sent">;
}

/** The configured relays; none is asked anything before there is a transaction. */
export function openRelays({ config, log, status }: OpenRelaysOptions): Relays {
  const relays = config.relays.map((settings) => new Relay(settings));
  status.acting.relays.watch(relays);
  return new Relays({
    relays,
    deadlineMs: config.requestDeadlineMs,
    onSent: (relay, hash, fault) => {
      status.acting.relays.sent(relay, hash, fault);
      status.sent(hash, fault === null);
      if (fault === null) log.info("relay-accepted", { hash, relay });
      else log.warn("relay-fault", { hash, relay, error: fault });
    },
  });
}
