import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { KeeperError } from "../errors/KeeperError.ts";
import { describeError } from "../lib/describeError.ts";
import { redactHost } from "../lib/redact.ts";
import { cleanText } from "./plan/cleanText.ts";
import { retryAfter } from "./retryAfter.ts";
import { scrub } from "./scrub.ts";

/** One message to one URL. */
export interface Post {
  readonly url: string;
  /** JSON text. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What must not be repeated in an error, beside the URL. */
  readonly secrets?: readonly string[];
}

/** Of the page of a refusal, so much is read and so much repeated. */
const MAX_PAGE_BYTES = 4_096;
const MAX_QUOTE = 200;
/** A refusal is told by its status; its page is not waited for. */
const PAGE_MS = 1_000;

/** The message itself is at fault: it will be tomorrow as well. Any other refusal may be lifted without a restart of ours. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 422]);

/**
 * POSTs JSON over a connection of its own: alerts are rare, and one that was kept may be dead. Resolves when the server has
 * accepted with a 2xx. Redirects are not followed: the new place was not configured, and would be told everything.
 *
 * @throws KeeperError `AlertRefused`, `AlertStatus` (with `status` and `retryAfterMs`) or `AlertUnreachable`; the host is
 * named, the rest of the URL never.
 */
export async function postJson(post: Post, signal: AbortSignal): Promise<void> {
  const { url, body, headers = {}, secrets = [] } = post;
  const target = new URL(url);
  const hidden = [url, ...secrets];
  const host = redactHost(target.hostname);
  const response = await open(target, { body, headers, signal }).catch((error: unknown) => {
    const reason = cleanText(scrub(describeError(error), hidden), MAX_QUOTE);
    throw new KeeperError("AlertUnreachable", `${host} cannot be reached: ${reason}`, { host });
  });
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    // It is accepted, whatever else the server has to say.
    response.destroy();
    return;
  }
  const retryAfterMs = retryAfter(response.headers["retry-after"], response.headers.date);
  const page = cleanText(scrub(await readPage(response), hidden), MAX_QUOTE);
  const isRedirect = status >= 300 && status < 400;
  const words = isRedirect ? ", a redirect, which is not followed" : page === "" ? "" : `: ${page}`;
  throw new KeeperError(REFUSALS.has(status) ? "AlertRefused" : "AlertStatus", `${host} answered ${status}${words}`, {
    ...{ host, status },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

interface Opening {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

function open(url: URL, { body, headers, signal }: Opening): Promise<IncomingMessage> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = send(url, {
    method: "POST",
    agent: false,
    signal,
    headers: {
      ...headers,
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      "user-agent": "lockstep",
    },
  });
  // Also after the answer has begun: an error that nobody hears would end the process.
  request.on("error", reject);
  request.on("response", (response) => {
    response.on("error", () => undefined);
    resolve(response);
  });
  request.end(body);
  return promise;
}

/** The beginning of the page, or as much as came. */
async function readPage(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => response.destroy(), PAGE_MS);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MAX_PAGE_BYTES) break;
    }
  } catch {
    // The status says enough.
  } finally {
    clearTimeout(timer);
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, MAX_PAGE_BYTES).toString("utf8");
}
