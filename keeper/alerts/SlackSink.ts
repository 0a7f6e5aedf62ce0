import type { Notice } from "./plan/Notice.ts";
import { postJson } from "./postJson.ts";
import type { Origin, Sink } from "./Sink.ts";

/** Limits of Slack's blocks: a header, a section's text, and the fields of a section. */
const MAX_HEADER = 150;
const MAX_TEXT = 3_000;
const MAX_FIELD = 2_000;
const MAX_FIELDS_A_SECTION = 10;

/** What a Slack sink is made of. */
export interface SlackSinkOptions {
  readonly name: string;
  /** The incoming webhook's. Secret. */
  readonly url: string;
  readonly origin: Origin;
}

/**
 * An incoming webhook of Slack (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
 *
 * Everything is plain text, and escaped besides: what stands on a chain can neither mention anyone nor make a link.
 */
export class SlackSink implements Sink {
  readonly name: string;
  readonly #options: SlackSinkOptions;

  constructor(options: SlackSinkOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async send(notice: Notice, signal: AbortSignal): Promise<void> {
    const { url, origin } = this.#options;
    await postJson({ url, body: JSON.stringify(slackMessage(notice, origin)) }, signal);
  }
}

function slackMessage(notice: Notice, { keeper, chainId }: Origin): Readonly<Record<string, unknown>> {
  const { title, detail, fields, key, atMs } = notice;
  const heading = `${markOf(notice)} ${title}`;
  const at = new Date(atMs).toISOString();
  const rows = Object.entries(fields).map(([name, value]) => plain(`${name}: ${value}`, MAX_FIELD));
  const sections = Array.from({ length: Math.ceil(rows.length / MAX_FIELDS_A_SECTION) }, (_, index) => ({
    type: "section",
    fields: rows.slice(index * MAX_FIELDS_A_SECTION, (index + 1) * MAX_FIELDS_A_SECTION),
  }));
  return {
    // For notifications and clients that show no blocks.
    text: escapeSlack(heading, MAX_TEXT),
    ...{ parse: "none", link_names: false, mrkdwn: false, unfurl_links: false, unfurl_media: false },
    blocks: [
      { type: "header", text: plain(heading, MAX_HEADER) },
      ...(detail === "" ? [] : [{ type: "section", text: plain(detail, MAX_TEXT) }]),
      ...sections,
      { type: "context", elements: [plain(`${key} · keeper ${keeper} · chain ${chainId} · ${at}`, MAX_FIELD)] },
    ],
  };
}

function markOf({ level, isEnd, state }: Notice): string {
  if (isEnd) return "[over]";
  return state === "acknowledged" ? "[acknowledged]" : `[${level}]`;
}

function plain(text: string, maxLength: number): Readonly<Record<string, unknown>> {
  return { type: "plain_text", text: escapeSlack(text, maxLength), emoji: false };
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * The three characters that Slack gives a meaning to, as entities, and words that would call a whole channel broken up by an
 * invisible character. At most `maxLength` units long, never cut within an entity.
 */
function escapeSlack(text: string, maxLength: number): string {
  let escaped = "";
  for (const character of text.replaceAll(/@(?=channel|here|everyone|group)/gi, "@\u200b")) {
    const next = ENTITIES[character] ?? character;
    if (escaped.length + next.length > maxLength - 1) return `${escaped}…`;
    escaped += next;
  }
  return escaped;
}
