import { hasDecodableUserInfo } from "../lib/hasDecodableUserInfo.ts";
import { redactHost, redactUrl } from "../lib/redact.ts";
import type { RelayConfig } from "./KeeperConfig.ts";
import { accept, reject, type Parser } from "./parsers.ts";

const EXPECTED = "http:// or https://";
const USER_INFO = "a URL whose user and password are percent-encoded, `%` as `%25`";
const MAX_RELAYS = 16;

/**
 * The relays in a comma-separated list, or in a list, of URLs. The same URL twice is refused: it would be no second way.
 *
 * An id is the host, numbered where several relays have one.
 */
export const parseRelays: Parser<readonly RelayConfig[]> = (raw) => {
  const items: unknown = typeof raw === "string" ? raw.split(",").map((item) => item.trim()) : raw;
  if (!Array.isArray(items)) return reject("a list of relays, separated by commas");
  if (items.length > MAX_RELAYS) return reject(`at most ${MAX_RELAYS} relays`, String(items.length));
  const urls: URL[] = [];
  for (const [index, item] of (items as unknown[]).entries()) {
    const text = typeof item === "string" ? item.trim() : "";
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      return reject(`relay ${index + 1} to be ${EXPECTED}`, text.includes("://") ? redactUrl(text) : "***");
    }
    if (!hasDecodableUserInfo(url)) return reject(`relay ${index + 1} to be ${USER_INFO}`, redactUrl(text));
    if (urls.some(({ href }) => href === url.href)) {
      return reject(`relay ${index + 1} to differ from the relays before it`, redactUrl(text));
    }
    urls.push(url);
  }
  return accept(Object.freeze(withIds(urls)));
};

function withIds(urls: readonly URL[]): RelayConfig[] {
  const hosts = urls.map(({ hostname }) => redactHost(hostname));
  return urls.map(({ href: url }, index) => {
    const host = hosts[index] ?? "";
    const isAlone = hosts.indexOf(host) === hosts.lastIndexOf(host);
    const position = hosts.slice(0, index + 1).filter((other) => other === host).length;
    return Object.freeze({ id: isAlone ? host : `${host}-${position}`, url });
  });
}
