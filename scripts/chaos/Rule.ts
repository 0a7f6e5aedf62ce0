/** A JSON value in an answer. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where and when a rule applies; what is left out does not restrict it. */
export interface Conditions {
  /** A method's name, `*` standing for any run of characters; `eth_subscription` is pushes. Default `*`. */
  readonly method?: string;
  /**
   * Found in the compact JSON of the params: a plain text, whatever its case, or a regular expression, in a text
   * written as `/…/` or `/…/i`.
   */
  readonly match?: string | RegExp;
  /** An IP address that the client has, or, when it is none, a part of the client's User-Agent, whatever its case. */
  readonly client?: string;
  /** So many matching requests are spared first. */
  readonly after?: number;
  /** Of those that follow, only each n-th. */
  readonly every?: number;
  /** Chance of those that are left, above 0 and at most 1. */
  readonly probability?: number;
  /** The rule is used up after so many lies. */
  readonly times?: number;
  /** The node gets the request although its answer is not used: a transaction is sent and the answer lost. */
  readonly forward?: boolean;
}

/** What is done to an answer, or to a push. */
export type Action =
  /** This call of a batch is not answered; a request with nothing left to answer hangs. */
  | { readonly action: "drop" }
  /** The whole request is never answered; its connection stays. */
  | { readonly action: "hang" }
  /** Later, and then whatever the next matching rule says. */
  | { readonly action: "delay"; readonly ms: number }
  /** The answer trickles. */
  | { readonly action: "drip"; readonly bytesPerSecond: number }
  /** The answer ends after so many bytes, with the connection. */
  | { readonly action: "truncate"; readonly bytes: number }
  /** This text in place of the answer; `%answer%` in it is the true one, `%id%` the first call's id. */
  | { readonly action: "raw"; readonly text: string }
  /** A well-formed answer whose result is a string of so many bytes. */
  | { readonly action: "huge"; readonly bytes: number }
  | { readonly action: "replace"; readonly result: Json }
  /** From code only: the result is what the function makes of it. */
  | { readonly action: "replace"; readonly change: Change }
  | { readonly action: "null" }
  | { readonly action: "empty" }
  /** Sets the value at a path of the result. */
  | { readonly action: "edit"; readonly path: string; readonly value: Json }
  /** Takes out what is at a path of the result. */
  | { readonly action: "remove"; readonly path: string }
  /** Changes a byte of the hex string at a path of the result; a negative index counts from the end. */
  | { readonly action: "xor"; readonly path: string; readonly byte?: number; readonly mask?: number }
  /** The calls of a batch are answered last first. */
  | { readonly action: "reorder" }
  /** Twice: a call of a batch, an answer over WebSocket, a push. */
  | { readonly action: "duplicate" }
  /** Pushes come in groups of so many, each in another order. */
  | { readonly action: "shuffle"; readonly count: number }
  /** As a node that is so many blocks behind. */
  | { readonly action: "stale"; readonly blocks: number }
  /** A block tag stands still, or means another tag. */
  | { readonly action: "pin"; readonly tag: BlockTag; readonly to: number | BlockTag }
  | { readonly action: "error"; readonly code: number; readonly message: string }
  /** HTTP only. `retryAfter`: seconds, or a date as it is sent. */
  | { readonly action: "status"; readonly status: number; readonly retryAfter?: number | string }
  /** The connection is reset. */
  | { readonly action: "refuse" }
  /** WebSocket only: closes it. */
  | { readonly action: "close-ws"; readonly code?: number }
  /** WebSocket only: keeps it, and forwards nothing any more, in neither direction. */
  | { readonly action: "mute-ws"; readonly isPonging?: boolean }
  /** Polls of filters find nothing, or no filter, with this code. */
  | { readonly action: "forget-filters"; readonly code?: number }
  /** Another upstream answers, by its index. */
  | { readonly action: "upstream"; readonly index: number }
  /** Upstreams answer in turn: these, or all. */
  | { readonly action: "pool"; readonly indices?: readonly number[] };

/** What a name in the place of a block number can be. */
export type BlockTag = (typeof BLOCK_TAGS)[number];

/** The block tags of execution-apis. */
export const BLOCK_TAGS = ["latest", "pending", "safe", "finalized", "earliest"] as const;

/** Makes another result of a result; may take its time. */
export type Change = (result: unknown, params: readonly unknown[]) => unknown;

/** One lie: where, when and what. */
export type Rule = Conditions & Action;

/** An action's name. */
export type ActionName = Action["action"];

/** The method of pushes. */
export const PUSH = "eth_subscription";
