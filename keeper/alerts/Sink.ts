import type { Notice } from "./plan/Notice.ts";

/** Somewhere that notices are sent to. */
export interface Sink {
  /** Unique, such as `slack` or `json-2`. */
  readonly name: string;
  /**
   * Sends once. Ends soon after the signal is aborted.
   *
   * @throws KeeperError `AlertRefused` when sending the same again is in vain; anything else is tried again later. Neither
   * its message nor its payload holds a secret. A payload's `retryAfterMs` is how long the sink wants to be left alone.
   */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** Who speaks: every message says of which keeper and which chain it is. */
export interface Origin {
  /** The keeper's name, such as the address of its attest key. Not secret. */
  readonly keeper: string;
  readonly chainId: number;
}
