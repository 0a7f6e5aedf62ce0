import type { ActionName } from "./Rule.ts";

/** What an argument of an action is, in a rule's text and as a JSON value. */
export type ArgumentKind =
  /** A whole number within limits; in a text also in hexadecimal. */
  | "whole"
  /** To the end of the text, literally, or in quotes as JSON. */
  | "text"
  /** To the end of the text; hex data needs no quotes. */
  | "json"
  | "path"
  | "tag"
  /** A block's number or a tag. */
  | "block"
  /** Any number of whole numbers. */
  | "wholes"
  /** `retry-after=…`: seconds or a date. */
  | "retryAfter"
  /** `no-pong`, which is `isPonging: false`. */
  | "noPong";

/** One argument of an action. */
export interface Argument {
  /** Its name in a rule. */
  readonly field: string;
  readonly kind: ArgumentKind;
  readonly isOptional?: true;
  /** Limits of a whole number; 0 and the largest safe one when left out. */
  readonly min?: number;
  readonly max?: number;
}

/** An action for those who write rules. */
export interface ActionEntry {
  readonly about: string;
  readonly arguments: readonly Argument[];
}

const LARGEST_DELAY_MS = 2 ** 31 - 1;
const path: Argument = { field: "path", kind: "path" };
const rpcCode = { kind: "whole", min: -(2 ** 31), max: 2 ** 31 - 1 } as const;

/** Every action, in the order in which they are explained. */
export const ACTIONS: Readonly<Record<ActionName, ActionEntry>> = {
  delay: {
    about: "later; the rules after it still apply",
    arguments: [{ field: "ms", kind: "whole", max: LARGEST_DELAY_MS }],
  },
  drop: { about: "this call of the batch is not answered", arguments: [] },
  hang: { about: "the whole request is never answered", arguments: [] },
  drip: { about: "the answer trickles", arguments: [{ field: "bytesPerSecond", kind: "whole", min: 1 }] },
  truncate: { about: "the connection ends within the answer", arguments: [{ field: "bytes", kind: "whole" }] },
  refuse: { about: "the connection is reset", arguments: [] },
  status: {
    about: "HTTP: this status instead of an answer",
    arguments: [
      { field: "status", kind: "whole", min: 200, max: 599 },
      { field: "retryAfter", kind: "retryAfter", isOptional: true },
    ],
  },
  "close-ws": {
    about: "WebSocket: closes it; 1006 without a word",
    arguments: [{ field: "code", kind: "whole", isOptional: true, min: 1_000, max: 4_999 }],
  },
  "mute-ws": {
    about: "WebSocket: stays open and says nothing any more",
    arguments: [{ field: "isPonging", kind: "noPong", isOptional: true }],
  },
  error: {
    about: "a JSON-RPC error",
    arguments: [
      { field: "code", ...rpcCode },
      { field: "message", kind: "text" },
    ],
  },
  null: { about: "the result is null", arguments: [] },
  empty: { about: "the result is []", arguments: [] },
  replace: { about: "the result is this", arguments: [{ field: "result", kind: "json" }] },
  edit: { about: "sets a value in the result", arguments: [path, { field: "value", kind: "json" }] },
  remove: { about: "takes something out of the result", arguments: [path] },
  xor: {
    about: "changes one byte of hex data in the result",
    arguments: [
      path,
      { field: "byte", kind: "whole", isOptional: true, min: -Number.MAX_SAFE_INTEGER },
      { field: "mask", kind: "whole", isOptional: true, min: 1, max: 255 },
    ],
  },
  raw: { about: "this text instead of the answer", arguments: [{ field: "text", kind: "text" }] },
  huge: { about: "a result of so many bytes", arguments: [{ field: "bytes", kind: "whole" }] },
  stale: { about: "as of so many blocks ago", arguments: [{ field: "blocks", kind: "whole" }] },
  pin: {
    about: "a block tag means this block, or another tag",
    arguments: [
      { field: "tag", kind: "tag" },
      { field: "to", kind: "block" },
    ],
  },
  "forget-filters": {
    about: "polls of filters find nothing, or no filter",
    arguments: [{ field: "code", ...rpcCode, isOptional: true }],
  },
  reorder: { about: "the calls of a batch are answered last first", arguments: [] },
  duplicate: { about: "twice", arguments: [] },
  shuffle: {
    about: "pushes come in groups, each in another order",
    arguments: [{ field: "count", kind: "whole", min: 2, max: 10_000 }],
  },
  upstream: { about: "another upstream answers", arguments: [{ field: "index", kind: "whole" }] },
  pool: { about: "upstreams answer in turn", arguments: [{ field: "indices", kind: "wholes", isOptional: true }] },
};

/** How an action is written in a rule's text. */
export function usageOf(name: ActionName): string {
  const words = ACTIONS[name].arguments.map(({ field, kind, isOptional }) => {
    if (kind === "noPong") return "[no-pong]";
    if (kind === "retryAfter") return "[retry-after=<seconds or date>]";
    if (kind === "wholes") return "[<index> …]";
    return isOptional === true ? `[<${field}>]` : `<${field}>`;
  });
  return [name, ...words].join(" ");
}
