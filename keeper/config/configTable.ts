import type { ConfigKey, KeeperConfig } from "./KeeperConfig.ts";
import { FINALITY_POLICIES, PROFILE_NAMES } from "../domain/chainProfile.ts";
import { POLICY_DEFAULTS } from "../domain/policy.ts";
import { LEVELS, MODES } from "./KeeperConfig.ts";
import { ENDPOINT_ROWS } from "./endpointRows.ts";
import { KEY_ROWS } from "./keyRows.ts";
import type { Parser } from "./parsers.ts";
import {
  integerParser,
  parseBoolean,
  parseHashSetting,
  parseHost,
  parseName,
  parsePath,
  parsePinnedBlock,
  wordParser,
} from "./parsers.ts";
import { parseAlerts } from "./parseAlerts.ts";
import { parseDatabaseUrl, parseSchema } from "./parseDatabaseUrl.ts";
import { parseTokenSlots } from "./parseTokenSlots.ts";
import { parseViews } from "./parseViews.ts";

/** Everything that is known of one setting; flags, environment, file, defaults and help all come from it. */
export interface ConfigRow<T> {
  readonly parse: Parser<T>;
  readonly default: T;
  /** Name of the flag's argument; a setting without one is switched on by its flag. */
  readonly argument?: string;
  readonly help: string;
  /** Never shown; can also be given as the path of a file that holds it. */
  readonly isSecret?: true;
  /** A relative path in the configuration file is relative to that file. */
  readonly isPath?: true;
  /** What the default is, where its value does not say it. */
  readonly defaultText?: string;
}

/** The settings, in the order in which help lists them. */
export const CONFIG_TABLE: { readonly [K in ConfigKey]: ConfigRow<KeeperConfig[K]> } = {
  ...ENDPOINT_ROWS,
  views: {
    parse: parseViews,
    default: Object.freeze([]),
    argument: "list",
    help: "Views to compare with the books, separated by commas, each `name|url` or `name|url|alert` or `…|pause`.",
    defaultText: "none",
  },
  tokenSlots: {
    parse: parseTokenSlots,
    default: Object.freeze([]),
    argument: "list",
    help: "Where tokens keep balances, so that custody is proven, separated by commas, each `0xToken:slot` or `0xToken:slot:vyper`.",
    defaultText: "none",
  },
  viewPausesPerDay: {
    parse: integerParser(0, 1_000),
    default: POLICY_DEFAULTS.claimedPausesPerDay,
    argument: "count",
    help: "Most pauses in a day for views; what the chain itself proves is not counted.",
  },
  viewPersistence: {
    parse: integerParser(1, 100),
    default: POLICY_DEFAULTS.claimedPersistence,
    argument: "readings",
    help: "Times in a row that a view must differ before it pauses.",
  },
  alerts: {
    parse: parseAlerts,
    default: Object.freeze([]),
    argument: "list",
    help: "Where alerts go: `slack|url`, `pagerduty|key` or `json|url|secret`, separated by commas; better given as a file.",
    isSecret: true,
    defaultText: "none",
  },
  alertReminderSeconds: {
    parse: integerParser(30, 86_400),
    default: 300,
    argument: "seconds",
    help: "Time to the first reminder of what is critical and not acknowledged.",
  },
  deployment: {
    parse: parsePath,
    default: undefined,
    argument: "path",
    help: "File with the contracts' addresses, or Ignition's deployed_addresses.json.",
    isPath: true,
    defaultText: "none",
  },
  mode: {
    parse: wordParser(MODES),
    default: "act",
    argument: "mode",
    help: "What the keeper may do: watch, alert or act.",
  },
  keeperName: {
    parse: parseName,
    default: "keeper",
    argument: "name",
    help: "What alerts call this keeper.",
  },
  readinessBlocks: {
    parse: integerParser(0, 100_000),
    default: 50,
    argument: "blocks",
    help: "Blocks between two proofs that the keeper could pause (role, money, nonce, a dry run, signers); 0 for none.",
  },
  ...KEY_ROWS,
  checkpointIntervalSeconds: {
    parse: integerParser(1, 604_800),
    default: 300,
    argument: "seconds",
    help: "Time between two checkpoints.",
  },
  dataDirectory: {
    parse: parsePath,
    default: ".lockstep",
    argument: "path",
    help: "Where journals and books are kept; used by one keeper at a time.",
    isPath: true,
  },
  databaseUrl: {
    parse: parseDatabaseUrl,
    default: undefined,
    argument: "url",
    help: "PostgreSQL that keeps the journal instead of the data directory; better given as a file.",
    isSecret: true,
    defaultText: "none",
  },
  databaseSchema: {
    parse: parseSchema,
    default: "lockstep",
    argument: "name",
    help: "Schema of this keeper in that database: its replicas share it, other keepers have another one.",
  },
  leaseMs: {
    parse: integerParser(500, 600_000),
    default: 3_000,
    argument: "ms",
    help: "Silence of the leading replica after which another one of the same schema takes over.",
  },
  apiHost: {
    parse: parseHost,
    default: "127.0.0.1",
    argument: "host",
    help: "Address the operator API listens on; it has no authentication.",
  },
  apiPort: {
    parse: integerParser(0, 65_535),
    default: 9464,
    argument: "port",
    help: "Port of the operator API; 0 lets the system choose.",
  },
  logLevel: {
    parse: wordParser(LEVELS),
    default: "info",
    argument: "level",
    help: "Least important log lines to write: debug, info, warn or error.",
  },
  requestDeadlineMs: {
    parse: integerParser(50, 60_000),
    default: 2_000,
    argument: "ms",
    help: "Longest wait for one answer of a source.",
  },
  hedgeMs: {
    parse: integerParser(1, 10_000),
    default: 60,
    argument: "ms",
    help: "Wait for one source before a second one is asked the same.",
  },
  profile: {
    parse: wordParser(PROFILE_NAMES),
    default: undefined,
    argument: "name",
    help: "What is normal on the chain: ethereum, op-stack or local.",
    defaultText: "by the chain id",
  },
  finality: {
    parse: wordParser(FINALITY_POLICIES),
    default: undefined,
    argument: "policy",
    help: "What makes a block final: the tag finalized or safe of k operators, or depth.",
    defaultText: "the profile's",
  },
  confirmations: {
    // None would make the head final, and every reorg deep.
    parse: integerParser(1, 8_192),
    default: undefined,
    argument: "blocks",
    help: "Blocks on top of one below which a reorg is normal.",
    defaultText: "the profile's",
  },
  checkpointDepth: {
    parse: integerParser(0, 128),
    default: undefined,
    argument: "blocks",
    help: "Blocks below the head at which checkpoints are signed.",
    defaultText: "the profile's",
  },
  genesisHash: {
    parse: parseHashSetting,
    default: undefined,
    argument: "hash",
    help: "Hash of block 0; sources with another one are refused.",
    defaultText: "known of public chains, else k operators' word",
  },
  pinnedBlock: {
    parse: parsePinnedBlock,
    default: undefined,
    argument: "block",
    help: "A block that every source must have, as `number:hash`; sources without it are refused.",
    defaultText: "none",
  },
  record: {
    parse: parsePath,
    default: undefined,
    argument: "path",
    help: "Folder for a recording of everything the keeper is told, for `lockstep replay`.",
    isPath: true,
    defaultText: "none",
  },
  recordMaxMegabytes: {
    parse: integerParser(1, 1_000_000),
    default: 4_096,
    argument: "MB",
    help: "Size at which a recording ends.",
  },
  maxFeePerGasGwei: {
    parse: integerParser(1, 1_000_000),
    default: 5_000,
    argument: "gwei",
    help: "Most that an emergency transaction pays for a unit of gas.",
  },
  proofDepth: {
    parse: integerParser(1, 8_192),
    default: 64,
    argument: "blocks",
    help: "How many blocks below the head keep their account proofs.",
  },
  snapshotIntervalSeconds: {
    parse: integerParser(0, 86_400),
    default: 600,
    argument: "seconds",
    help: "Least time between two snapshots of the books, from which a keeper starts; 0 keeps and uses none.",
  },
  json: { parse: parseBoolean, default: false, help: "Print results as JSON." },
};
