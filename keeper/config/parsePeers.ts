import type { PeerConfig } from "./KeeperConfig.ts";
import { accept, reject, type Parser } from "./parsers.ts";

const EXPECTED = "`name|url`, the URL http(s) and that of the other keeper's API";
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i;
/** As many keepers as a registry takes. */
const MAX_PEERS = 32;

/** The other keepers in a comma-separated list, or in a list, of `name|url`. */
export const parsePeers: Parser<readonly PeerConfig[]> = (raw) => {
  const items: unknown = typeof raw === "string" ? raw.split(",").map((item) => item.trim()) : raw;
  if (!Array.isArray(items)) return reject("a list of peers, separated by commas");
  if (items.length > MAX_PEERS) return reject(`at most ${MAX_PEERS} peers`, String(items.length));
  const peers: PeerConfig[] = [];
  for (const [index, item] of (items as unknown[]).entries()) {
    const peer = typeof item === "string" ? readPeer(item) : undefined;
    if (peer === undefined) return reject(`peer ${index + 1} to be ${EXPECTED}`, "***");
    if (peers.some(({ name }) => name === peer.name)) return reject("each peer to have its own name", peer.name);
    peers.push(peer);
  }
  return accept(Object.freeze(peers));
};

function readPeer(text: string): PeerConfig | undefined {
  const [name = "", url = "", ...rest] = text.split("|").map((part) => part.trim());
  if (!NAME.test(name) || !URL.canParse(url) || rest.length > 0) return undefined;
  return /^https?:$/.test(new URL(url).protocol) ? Object.freeze({ name, url }) : undefined;
}
