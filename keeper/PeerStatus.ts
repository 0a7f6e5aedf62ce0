import type { KeeperError } from "./errors/KeeperError.ts";
import type { Metrics } from "./telemetry/Metrics.ts";

/** What operators see of the other keepers: whether their statements can be fetched. */
export class PeerStatus {
  readonly #up;
  /** By name: undefined before the first answer, null when the newest could be used. */
  readonly #faults = new Map<string, KeeperError | null | undefined>();

  constructor(metrics: Metrics) {
    this.#up = metrics.gauge({
      name: "lockstep_peer_up",
      help: "Whether the newest answer of another keeper could be used: 1, or 0 where it could not or there was none yet.",
      labels: ["peer"],
    });
  }

  /** These are asked from now on. */
  watch(peers: readonly { readonly name: string }[]): void {
    for (const { name: peer } of peers) {
      this.#faults.set(peer, undefined);
      this.#up.set(0, { peer });
    }
  }

  /** A peer's answer could be used, or not: then with its fault. */
  answered(peer: string, fault: KeeperError | null): void {
    this.#faults.set(peer, fault);
    this.#up.set(fault === null ? 1 : 0, { peer });
  }

  toJson(): readonly unknown[] {
    return [...this.#faults].map(([name, fault]) => ({
      name,
      isUp: fault === null,
      fault: fault === null || fault === undefined ? null : { code: fault.code, detail: fault.message },
    }));
  }
}
