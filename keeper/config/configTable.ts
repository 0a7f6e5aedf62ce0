import type { ConfigKey, KeeperConfig } from "./KeeperConfig.ts";
import { FINALITY_POLICIES, PROFILE_NAMES } from "../domain/chainProfile.ts";
import { LEVELS, MODES } from "./KeeperConfig.ts";
import type { Parser } from "./parsers.ts";
import {
  integerParser,
  parseBoolean,
  parseHashSetting,
  parseHost,
  parsePath,
  parsePinnedBlock,
  parsePrivateKey,
  wordParser,
} from "./parsers.ts";
import { parseSources } from "./parseSources.ts";
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

const privateKeyRow = (purpose: string, defaultText = "none"): ConfigRow<KeeperConfig["pauseKey"]> => ({
  parse: parsePrivateKey,
  default: undefined,
  argument: "hex",
  help: `Private key that ${purpose}; better given as a file.`,
  isSecret: true,
  defaultText,
});

/** The settings, in the order in which help lists them. */
export const CONFIG_TABLE: { readonly [K in ConfigKey]: ConfigRow<KeeperConfig[K]> } = {
  sources: {
    parse: parseSources,
    default: Object.freeze([]),
    argument: "list",
    help: "RPC endpoints, separated by commas, each `url` or `url|operator|client` (http, ws or an IPC path).",
    defaultText: "none",
  },
  singleSource: {
    parse: parseBoolean,
    default: false,
    help: "Accept a single operator outside a local chain: unwitnessed, and nothing is signed.",
  },
  views: {
    parse: parseViews,
    default: Object.freeze([]),
    argument: "list",
    help: "Views to compare with the books, separated by commas, each `name|url` or `name|url|alert` or `…|pause`.",
    defaultText: "none",
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
  pauseKey: privateKeyRow("signs pauses"),
  attestKey: privateKeyRow("signs attestations"),
  postKey: privateKeyRow("posts checkpoints", "the attest key"),
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
    parse: integerParser(0, 8_192),
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
