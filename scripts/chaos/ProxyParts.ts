import type { Client } from "./canApply.ts";
import type { Decision, RuleBook } from "./RuleBook.ts";
import type { RpcMessage } from "./rpcMessage.ts";
import type { Upstreams } from "./Upstreams.ts";

/** What both fronts of the proxy share. */
export interface ProxyParts {
  readonly book: RuleBook;
  readonly upstreams: Upstreams;
  /** Longest request, and longest answer that is held in memory. */
  readonly maxBytes: number;
  /** Counts the calls of a request, and says what is done about each. */
  decide(message: RpcMessage, transport: "http" | "ws", client: Client): Decision[];
}
