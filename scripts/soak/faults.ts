/** What a source does when something is wrong with it. */
export type Fault =
  /** Its process is gone: the port is closed and every connection reset. */
  | { readonly kind: "dead" }
  /** It serves another chain, which shares the first blocks and is consistent in itself. */
  | { readonly kind: "fork" }
  /** It answers by these rules of the proxy; the second list over HTTP, if that differs. */
  | {
      readonly kind: "rules";
      readonly ws: readonly string[];
      readonly http?: readonly string[];
      /** It is over with a restart: who was of another chain is asked again only after a minute, else. */
      readonly endsWithRestart?: true;
    };

const rules = (...ws: readonly string[]): Fault => ({ kind: "rules", ws });

/** Every fault by its name. */
export const FAULTS = {
  dead: { kind: "dead" },
  fork: { kind: "fork" },
  hung: rules("*: hang"),
  mute: { kind: "rules", ws: ["*: mute-ws no-pong"], http: ["*: hang"] },
  "half-mute": { kind: "rules", ws: ["*: mute-ws"], http: ["*: drop"] },
  slow: rules("*: delay 300"),
  "slow-loris": rules("*: drip 2000"),
  lagging: rules("*: stale 4"),
  limiting: { kind: "rules", ws: ["* every=2: error -32005 rate limit exceeded"], http: ["* every=2: status 429"] },
  closing: { kind: "rules", ws: ["* every=5: close-ws 1006"], http: ["* every=3: refuse"] },
  broken: rules("* every=3: truncate 40"),
  garbage: rules("* every=3: raw <html>Bad gateway</html>"),
  failing: rules("* every=3: error -32000 internal error"),
  forgetful: rules("eth_getBlockByHash every=2: null", "eth_getBlockReceipts: null"),
  proofless: rules("eth_getProof: error -32000 distance to target block exceeds maximum proof window"),
  "lie: proofs": rules("eth_getProof: xor /accountProof/-1 40"),
  "lie: no logs": rules("eth_getBlockReceipts: edit /*/logs []"),
  "lie: state root": rules("eth_getBlockByHash: xor /stateRoot"),
  "lie: invented heads": rules("eth_subscription: xor /hash", "eth_getBlockByNumber: xor /hash"),
  "lie: chain id": {
    kind: "rules",
    ws: ["eth_chainId: replace 0x1", "* times=1: close-ws 1006"],
    http: ["eth_chainId: replace 0x1"],
    endsWithRestart: true,
  },
  jumbled: rules("eth_subscription: shuffle 3", "*: duplicate"),
} as const satisfies Readonly<Record<string, Fault>>;

/** A fault's name. */
export type FaultName = keyof typeof FAULTS;
