import { hideNewer, replaceTags, toQuantity, fromQuantity } from "./blockTags.ts";
import { editReply } from "./editReply.ts";
import type { Decision } from "./RuleBook.ts";
import type { BlockTag, Rule } from "./Rule.ts";
import { errorReply, isRecord, type Call, type Reply } from "./rpcMessage.ts";
import type { Upstreams } from "./Upstreams.ts";

/** What a node said: its replies, or what else it sent, which is passed on as it came. */
export type NodeAnswer =
  | { readonly replies: readonly unknown[] }
  | { readonly status: number; readonly contentType: string; readonly body: Buffer };

/** Asks a node, in one request. Rejects when it cannot be reached. */
export type Ask = (upstream: number, calls: readonly Call[], isBatch: boolean) => Promise<NodeAnswer>;

/** What goes to the client. */
export type Outcome =
  | { readonly type: "silence" }
  | { readonly type: "reset" }
  | { readonly type: "status"; readonly status: number; readonly retryAfter: number | string | undefined }
  | { readonly type: "close"; readonly code: number }
  | { readonly type: "mute"; readonly isPonging: boolean }
  | { readonly type: "foreign"; readonly status: number; readonly contentType: string; readonly body: Buffer }
  | { readonly type: "huge"; readonly id: unknown; readonly bytes: number }
  | { readonly type: "text"; readonly text: string; readonly delivery: Delivery };

/** How a text is delivered. */
export interface Delivery {
  readonly bytesPerSecond?: number;
  /** The connection ends after so many bytes. */
  readonly cutAfter?: number;
  /** Over WebSocket: the message is sent twice. */
  readonly isTwice?: boolean;
}

/** A call, what is done about it, and where it goes. */
interface Item {
  readonly call: Call;
  readonly rule: Rule | undefined;
  /** The call as the node gets it. */
  sent: Call;
  readonly upstream: number;
  /** Set for a call that is answered as of this block. */
  limit: number | undefined;
}

/** The code of a server that ends a WebSocket (RFC 6455, 7.4.1). */
export const GOING_AWAY = 1_001;

const STALE_TAGS: readonly BlockTag[] = ["latest", "pending"];

/** The answer to a request of which at least one call is lied about. */
export async function answerCalls(
  calls: readonly Call[],
  decisions: readonly Decision[],
  isBatch: boolean,
  upstreams: Upstreams,
  ask: Ask,
): Promise<Outcome> {
  const items = calls.map((call, index): Item => {
    const rule = decisions[index]?.lie;
    return { call, rule, sent: call, upstream: chooseUpstream(rule, upstreams), limit: undefined };
  });
  const rules = items.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  const outcome = rules.map(wholeOutcome).find((found) => found !== undefined);
  if (outcome !== undefined && !rules.some(({ forward }) => forward === true)) return outcome;

  await prepare(items, ask);
  const answer = await askAll(items.filter(needsNode), isBatch, ask);
  if (outcome !== undefined) return outcome;
  if (!("replies" in answer)) return { type: "foreign", ...answer };
  const found = claimReplies(items, answer.replies);
  const replies: unknown[] = [];
  for (const [index, item] of items.entries()) replies.push(...(await lieAbout(item, found[index], isBatch)));
  return deliver(replies, items, isBatch);
}

function chooseUpstream(rule: Rule | undefined, upstreams: Upstreams): number {
  if (rule?.action === "upstream") return rule.index;
  return rule?.action === "pool" ? upstreams.next(rule.indices) : upstreams.current;
}

/** What a rule makes of a whole request, or of a push, without looking at the answer; undefined for other rules. */
export function wholeOutcome(rule: Rule): Outcome | undefined {
  switch (rule.action) {
    case "hang":
      return { type: "silence" };
    case "refuse":
      return { type: "reset" };
    case "status":
      return { type: "status", status: rule.status, retryAfter: rule.retryAfter };
    case "close-ws":
      return { type: "close", code: rule.code ?? GOING_AWAY };
    case "mute-ws":
      return { type: "mute", isPonging: rule.isPonging ?? true };
    default:
      return undefined;
  }
}

/** Whether the node is asked: for its answer, or because the rule lets it know. */
function needsNode({ rule }: Item): boolean {
  if (rule === undefined || rule.forward === true) return true;
  switch (rule.action) {
    case "drop":
    case "null":
    case "empty":
    case "error":
    case "huge":
    case "forget-filters":
      return false;
    case "replace":
      return "change" in rule;
    case "raw":
      return rule.text.includes("%answer%");
    default:
      return wholeOutcome(rule) === undefined;
  }
}

/** Puts other blocks in place of tags. */
async function prepare(items: readonly Item[], ask: Ask): Promise<void> {
  const heads = new Map<number, number>();
  for (const item of items) {
    const { rule, call, upstream } = item;
    if (rule?.action === "pin") {
      const to = typeof rule.to === "number" ? toQuantity(rule.to) : rule.to;
      item.sent = replaceTags(call, new Map([[rule.tag, to]]));
    }
    if (rule?.action !== "stale") continue;
    const head = heads.get(upstream) ?? (await readHead(upstream, ask));
    heads.set(upstream, head);
    item.limit = Math.max(0, head - rule.blocks);
    const block = toQuantity(item.limit);
    item.sent = replaceTags(call, new Map(STALE_TAGS.map((tag) => [tag, block])));
  }
}

async function readHead(upstream: number, ask: Ask): Promise<number> {
  const item = { jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] };
  const answer = await ask(upstream, [{ item, id: 1, method: item.method, params: [] }], false);
  const [reply] = "replies" in answer ? answer.replies : [];
  const head = isRecord(reply) ? fromQuantity(reply["result"]) : undefined;
  if (head === undefined) throw new Error(`upstream ${upstream} does not say how far it is`);
  return head;
}

async function askAll(items: readonly Item[], isBatch: boolean, ask: Ask): Promise<NodeAnswer> {
  const groups = Map.groupBy(items, ({ upstream }) => upstream);
  const asked = [...groups].map(([upstream, group]) => {
    const calls = group.map(({ sent, call }): Call => {
      return sent === call ? call : { ...sent, item: { ...call.item, params: sent.params } };
    });
    return ask(upstream, calls, isBatch);
  });
  const answers = await Promise.all(asked);
  const foreign = answers.find((answer) => !("replies" in answer));
  return foreign ?? { replies: answers.flatMap((answer) => ("replies" in answer ? answer.replies : [])) };
}

/** The reply to each item; of equal ids the first is given to the first. */
function claimReplies(items: readonly Item[], replies: readonly unknown[]): (Reply | undefined)[] {
  const left = Map.groupBy(replies.filter(isRecord), (reply) => JSON.stringify(reply["id"]));
  return items.map((item) => (needsNode(item) ? left.get(JSON.stringify(item.call.id))?.shift() : undefined));
}

async function lieAbout(item: Item, reply: Reply | undefined, isBatch: boolean): Promise<Reply[]> {
  const { call, rule, sent, limit } = item;
  const { id, method } = call;
  // A notification is answered by nobody.
  if (id === undefined) return [];
  const made = (result: unknown): Reply[] => [{ jsonrpc: "2.0", id, result }];
  switch (rule?.action) {
    case "drop":
      return [];
    case "null":
      return made(null);
    case "empty":
      return made([]);
    case "error":
      return [errorReply(id, rule.code, rule.message)];
    case "forget-filters":
      if (rule.code !== undefined) return [errorReply(id, rule.code, "filter not found")];
      return made(method === "eth_uninstallFilter" ? false : []);
    case "replace":
      if (!("change" in rule)) return made(rule.result);
      break;
    default:
  }
  if (reply === undefined) return [];
  if (rule === undefined) return [reply];
  if (rule.action === "duplicate" && isBatch) return [reply, reply];
  if (rule.action === "pin") return [pinNumber(rule.tag, rule.to, call, reply)];
  if (limit !== undefined) return [hideNewer(sent, reply, limit)];
  return "result" in reply ? [{ ...reply, result: await editReply(rule, reply["result"], call.params) }] : [reply];
}

/** A pinned `latest` is a pinned height. */
function pinNumber(tag: BlockTag, to: number | BlockTag, { method }: Call, reply: Reply): Reply {
  if (tag !== "latest" || method !== "eth_blockNumber" || typeof to !== "number") return reply;
  return { ...reply, result: toQuantity(to) };
}

/** Puts the replies into one text, and says how that is sent. */
function deliver(replies: unknown[], items: readonly Item[], isBatch: boolean): Outcome {
  const rules = items.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  const huge = items.find(({ rule }) => rule?.action === "huge");
  if (huge?.rule?.action === "huge") return { type: "huge", id: huge.call.id, bytes: huge.rule.bytes };
  if (rules.some(({ action }) => action === "reorder")) replies.reverse();
  const raw = rules.find((rule) => rule.action === "raw");
  if (replies.length === 0 && raw === undefined) return { type: "silence" };
  const answer = JSON.stringify(isBatch ? replies : replies[0]);
  const id = JSON.stringify(items[0]?.call.id ?? null);
  // By functions: a `$&` in an answer is no pattern.
  const text = raw?.text.replaceAll("%answer%", () => answer).replaceAll("%id%", () => id) ?? answer;
  const drip = rules.find((rule) => rule.action === "drip");
  const cut = rules.find((rule) => rule.action === "truncate");
  const isTwice = !isBatch && rules.some(({ action }) => action === "duplicate");
  const delivery: Delivery = {
    ...(drip === undefined ? {} : { bytesPerSecond: drip.bytesPerSecond }),
    ...(cut === undefined ? {} : { cutAfter: cut.bytes }),
    isTwice,
  };
  return { type: "text", text, delivery };
}
