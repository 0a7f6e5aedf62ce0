import { cleanText } from "../alerts/plan/cleanText.ts";
import type { KeeperConfig } from "../config/KeeperConfig.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { readBounded } from "../lib/readBounded.ts";
import { redactUrl } from "../lib/redact.ts";
import { isRecord } from "../probes/isRecord.ts";
import type { CommandContext } from "./CommandContext.ts";
import { EXIT } from "./exitCodes.ts";
import { paintFor } from "./formatBlock.ts";
import { formatStatus, isFault, type Readiness } from "./formatStatus.ts";
import { readStatus } from "./readStatus.ts";

const DEADLINE_MS = 5_000;
/** A keeper's document is far below; what a foreign server sends is not read on. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_REASON = 240;

/** Addresses that a server listens on for everybody, and nobody can ask. */
const ANYWHERE: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Where to look when nobody answers. */
const ADVICE =
  "Find out whether it runs: its process or service, its log, and lockstep latch show with its --data-directory. " +
  "It listens on --api-host and --api-port of its own settings; --url names another place";

/**
 * `lockstep status`: what the running keeper says of itself, on one screen. Returns 0 when it is ready and found nothing to be wrong, 1 when
 * not, 75 when no keeper answers.
 */
export async function status(flags: Readonly<Record<string, unknown>>, context: CommandContext): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  const base = baseOf(flags["url"], config);
  try {
    const [document, readiness] = await Promise.all([fetchJson(base, "/status"), fetchJson(base, "/readyz")]);
    const summary = readStatus(document);
    const ready = readReadiness(readiness);
    const text = config.json ? asciiJson(document) : formatStatus(summary, ready, paintFor(context.isColoured));
    context.stdout.write(`${text}\n`);
    return ready.ready && !isFault(summary.verdict) ? EXIT.clean : EXIT.fatal;
  } catch (error: unknown) {
    if (!KeeperError.is(error)) throw error;
    context.stderr.write(`lockstep: no keeper at ${redactUrl(base.href)}: ${error.message}. ${ADVICE}\n`);
    return EXIT.tryAgain;
  }
}

/** @throws KeeperError `UrlInvalid` for what is no URL of a server; `ApiPortUnknown` */
function baseOf(given: unknown, { apiHost, apiPort }: KeeperConfig): URL {
  if (typeof given === "string") {
    const url = URL.parse(given);
    if (url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "") return url;
    throw new KeeperError("UrlInvalid", "--url is the address of a keeper's API, such as http://127.0.0.1:9464");
  }
  if (apiPort === 0) {
    const message = "with --api-port 0 the system chose the port: take --url from the line `ready` of the keeper's log";
    throw new KeeperError("ApiPortUnknown", message);
  }
  const host = ANYWHERE[apiHost] ?? apiHost;
  return new URL(`http://${host.includes(":") ? `[${host}]` : host}:${apiPort}`);
}

/** @throws KeeperError `StatusUnreachable`, `StatusForeign` */
async function fetchJson(base: URL, path: string): Promise<unknown> {
  const target = new URL(base);
  target.pathname = `${target.pathname.replace(/\/$/, "")}${path}`;
  let text: string;
  try {
    const response = await fetch(target, {
      signal: AbortSignal.timeout(DEADLINE_MS),
      redirect: "error",
      // A compressed answer may be a thousand times what was sent of it.
      headers: { accept: "application/json", "accept-encoding": "identity" },
    });
    const tooLong = () => new KeeperError("StatusForeign", "its answer is longer than a keeper's");
    text = (await readBounded(response, MAX_BYTES, tooLong)).toString("utf8");
  } catch (error: unknown) {
    if (KeeperError.is(error)) throw error;
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const reason = isLate ? `no answer within ${DEADLINE_MS / 1_000} s` : "nothing answers there";
    throw new KeeperError("StatusUnreachable", reason, {}, { cause: error });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new KeeperError("StatusForeign", `what it serves at ${path} is no JSON, so it is another server`);
  }
}

/** @throws KeeperError `StatusForeign` */
function readReadiness(value: unknown): Readiness {
  const { ready, reason } = isRecord(value) ? value : {};
  if (typeof ready === "boolean" && typeof reason === "string") return { ready, reason: cleanText(reason, MAX_REASON) };
  throw new KeeperError("StatusForeign", "what it serves at /readyz is no keeper's");
}

/** The same document; what is no visible character of ASCII is escaped, so that it deceives no terminal. */
function asciiJson(document: unknown): string {
  return JSON.stringify(document, null, 2).replaceAll(/[^\u0020-\u007e\n]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
