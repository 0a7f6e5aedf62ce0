import type { ConfigRow } from "./configTable.ts";
import type { KeeperConfig } from "./KeeperConfig.ts";
import { parseBoolean } from "./parsers.ts";
import { parsePeers } from "./parsePeers.ts";
import { parseRelays } from "./parseRelays.ts";
import { parseSources } from "./parseSources.ts";

type Endpoints = Pick<KeeperConfig, "sources" | "singleSource" | "relays" | "peers">;

/** The settings of whom the keeper talks to, in the order in which help lists them. */
export const ENDPOINT_ROWS: { readonly [K in keyof Endpoints]: ConfigRow<Endpoints[K]> } = {
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
  relays: {
    parse: parseRelays,
    default: Object.freeze([]),
    argument: "list",
    help: "Endpoints that are sent every transaction too and never read from, separated by commas, each an http(s) URL.",
    defaultText: "none",
  },
  peers: {
    parse: parsePeers,
    default: Object.freeze([]),
    argument: "list",
    help: "Other keepers whose signatures are fetched, separated by commas, each `name|url` of its API.",
    defaultText: "none",
  },
};
