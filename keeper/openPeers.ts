import { secp256k1 } from "./actions/signers/secp256k1.ts";
import type { Deployment } from "./config/deployment.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import type { Keeper } from "./loop/Keeper.ts";
import type { Input } from "./loop/ports.ts";
import { Peers } from "./peers/Peers.ts";
import type { PeerStatus } from "./PeerStatus.ts";
import type { Logger } from "./telemetry/log.ts";

/** What the exchange with other keepers needs of the service. */
export interface OpenPeersOptions {
  readonly config: KeeperConfig;
  readonly deployment: Deployment;
  readonly log: Logger;
  readonly keeper: Keeper;
  readonly status: PeerStatus;
  readonly deliver: (input: Input) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Starts the exchange with the configured peers; without any, this keeper's own statements are served all the same. */
export function openPeers(options: OpenPeersOptions): Peers {
  const { config, deployment, log, keeper, status, deliver, now, signal } = options;
  const { CheckpointRegistry: registry, SyncGuard: guard } = deployment.contracts;
  status.watch(config.peers);
  const peers = new Peers({
    peers: config.peers,
    verifiers: { chainId: BigInt(deployment.chainId), registry, guard },
    recover: secp256k1.recover.bind(secp256k1),
    isBonded: (signer) => keeper.quorum.isBonded(signer),
    deliver: (peer, statements) => {
      deliver({ type: "statements", peer, statements, nowMs: now() });
    },
    onState: (peer, error) => {
      status.answered(peer, error);
      if (error === null) log.info("peer-up", { peer });
      else log.warn("peer-fault", { peer, error });
    },
    ...{ now, signal, deadlineMs: config.requestDeadlineMs },
  });
  peers.start();
  return peers;
}
