import type { Notice } from "./plan/Notice.ts";
import { postJson } from "./postJson.ts";
import type { Origin, Sink } from "./Sink.ts";

/** Where events go unless another region's address is configured. */
const PATH = "/v2/enqueue";
/** Limits of the Events API v2. */
const MAX_DEDUP_KEY = 255;

/** What a PagerDuty sink is made of. */
export interface PagerDutySinkOptions {
  readonly name: string;
  /** Of an Events API v2 integration. Secret. */
  readonly routingKey: string;
  /** Such as `https://events.pagerduty.com`, or `https://events.eu.pagerduty.com`. */
  readonly baseUrl: string;
  readonly origin: Origin;
}

/**
 * PagerDuty's Events API v2 (developer.pagerduty.com/docs/events-api-v2): a notice triggers, acknowledges or resolves.
 *
 * The deduplication key of an incident is its id, the same for all keepers of a quorum: they make one page, not one each.
 * Everything else is about one keeper, and its key names it: one keeper's recovery must not resolve another's trouble.
 */
export class PagerDutySink implements Sink {
  readonly name: string;
  readonly #options: PagerDutySinkOptions;

  constructor(options: PagerDutySinkOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async send(notice: Notice, signal: AbortSignal): Promise<void> {
    const { baseUrl, routingKey, origin } = this.#options;
    const url = new URL(PATH, baseUrl).href;
    const body = JSON.stringify({ routing_key: routingKey, ...eventOf(notice, origin) });
    await postJson({ url, body, secrets: [routingKey] }, signal);
  }
}

function eventOf(notice: Notice, { keeper, chainId }: Origin): Readonly<Record<string, unknown>> {
  const { key, kind, level, event, state, title, detail, fields, isEnd, reminder, atMs } = notice;
  const source = `lockstep chain ${chainId} keeper ${keeper}`;
  const action = isEnd ? "resolve" : state === "acknowledged" ? "acknowledge" : "trigger";
  const dedupKey = kind === "incident" ? key : `${source} ${key}`;
  const named = { event_action: action, dedup_key: dedupKey.slice(0, MAX_DEDUP_KEY) };
  if (action !== "trigger") return named;
  return {
    ...named,
    client: "Lockstep",
    payload: {
      // At most 1024 characters; a title has 150.
      summary: title,
      timestamp: new Date(atMs).toISOString(),
      severity: level,
      source,
      ...(fields["contract"] === undefined ? {} : { component: fields["contract"] }),
      group: `chain ${chainId}`,
      class: event,
      custom_details: { ...fields, detail, state, key, ...(reminder === 0 ? {} : { reminder }) },
    },
  };
}
