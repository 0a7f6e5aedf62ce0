import type { FinalityPolicy, PinnedBlock, ProfileName } from "../domain/chainProfile.ts";
import type { TokenSlot } from "../domain/TokenSlot.ts";
import type { Hash } from "../lib/hex.ts";
import type { KeyConfig } from "./KeyConfig.ts";

/** What the keeper may do about what it finds: only look, tell somebody, or send transactions. */
export const MODES = ["watch", "alert", "act"] as const;
export type Mode = (typeof MODES)[number];

/** Least important level of log lines that are written. */
export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** One RPC endpoint; votes are counted by operator. */
export interface SourceConfig {
  /** The operator's name, numbered where one has several endpoints. */
  readonly id: string;
  /** May hold secrets: never shown. */
  readonly url: string;
  readonly operator: string;
  readonly client: string;
}

/** An endpoint that is sent signed transactions, and is never read from. */
export interface RelayConfig {
  /** The host, numbered where several relays have one. */
  readonly id: string;
  /** May hold secrets: never shown. */
  readonly url: string;
}

/** What to do when a view believes what the chain does not hold. */
export const VIEW_POLICIES = ["alert", "pause"] as const;
export type ViewPolicy = (typeof VIEW_POLICIES)[number];

/** An off-chain belief about the ledger, served over HTTP. */
export interface ViewConfig {
  readonly name: string;
  readonly url: string;
  readonly policy: ViewPolicy;
}

/** Where alerts go. URLs, keys and secrets are never shown. */
export type AlertSinkConfig =
  | { readonly kind: "slack"; readonly name: string; readonly url: string }
  | { readonly kind: "pagerduty"; readonly name: string; readonly routingKey: string; readonly baseUrl: string }
  | { readonly kind: "json"; readonly name: string; readonly url: string; readonly secret: string | undefined };

/** Another keeper, whose signed statements are fetched. */
export interface PeerConfig {
  readonly name: string;
  /** Of its API; may hold secrets: never shown. */
  readonly url: string;
}

/** Everything an operator can set. Immutable. */
export interface KeeperConfig extends KeyConfig {
  readonly sources: readonly SourceConfig[];
  readonly singleSource: boolean;
  /** Sent every transaction beside the sources. */
  readonly relays: readonly RelayConfig[];
  readonly peers: readonly PeerConfig[];
  readonly views: readonly ViewConfig[];
  /** Tokens whose balance of the vault is proven with every block. */
  readonly tokenSlots: readonly TokenSlot[];
  /** Pauses in a day for views, and how often in a row one must differ before it pauses. */
  readonly viewPausesPerDay: number;
  readonly viewPersistence: number;
  /** Secret. */
  readonly alerts: readonly AlertSinkConfig[];
  /** Time to the first reminder of what nobody has acknowledged. */
  readonly alertReminderSeconds: number;
  /** Path of the file with the contracts' addresses. */
  readonly deployment: string | undefined;
  readonly mode: Mode;
  /** What alerts call this keeper. */
  readonly keeperName: string;
  /** Blocks between two proofs that the keeper could pause; 0 for none. */
  readonly readinessBlocks: number;
  readonly checkpointIntervalSeconds: number;
  readonly dataDirectory: string;
  /** PostgreSQL that keeps the journal. Secret; undefined for SQLite in the data directory. */
  readonly databaseUrl: string | undefined;
  /** The schema of this keeper's identity there. */
  readonly databaseSchema: string;
  /** How long the lead of a replica lasts without renewal. */
  readonly leaseMs: number;
  readonly apiHost: string;
  /** 0 lets the system choose. */
  readonly apiPort: number;
  readonly logLevel: Level;
  readonly requestDeadlineMs: number;
  /** Whole gwei; what an emergency transaction may pay a unit of gas. */
  readonly maxFeePerGasGwei: number;
  /** Time after which a second source is asked for what the first has not answered. */
  readonly hedgeMs: number;
  /** What is normal on the chain; undefined for what the chain id says. */
  readonly profile: ProfileName | undefined;
  /** Undefined for the profile's. */
  readonly finality: FinalityPolicy | undefined;
  readonly confirmations: number | undefined;
  readonly checkpointDepth: number | undefined;
  /** Hash of block 0 that every source must have; undefined for the one known of the chain, or k operators' word. */
  readonly genesisHash: Hash | undefined;
  /** A block that every source must have. */
  readonly pinnedBlock: PinnedBlock | undefined;
  /** Folder for a recording of everything that the keeper is told, to be decided again later. */
  readonly record: string | undefined;
  readonly recordMaxMegabytes: number;
  /** Blocks below the head for which account proofs are kept. */
  readonly proofDepth: number;
  /** Least time between two snapshots of the books; 0 for none. */
  readonly snapshotIntervalSeconds: number;
  readonly json: boolean;
}

/** The name of a setting. */
export type ConfigKey = keyof KeeperConfig;

/** Where a value came from, strongest first. */
export type OriginKind = "flag" | "env" | "file" | "default";

/** Where a value came from, and under which name: `--api-port`, `LOCKSTEP_API_PORT`, `apiPort in lockstep.json`. */
export interface Origin {
  readonly kind: OriginKind;
  readonly name: string;
}
