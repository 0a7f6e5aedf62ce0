/** What stands in place of a secret. */
const MASK = "***";

/**
 * Anything that starts like a URL, up to a character that cannot be part of one in running text. A quote or bracket that a URL may
 * hold as it is belongs to it where more of it follows.
 */
const URL_IN_TEXT = /\b[a-z][a-z0-9+.-]{1,15}:\/\/(?:[^\s"'<>`|\\^{}]|['`^{}]+(?=[\w%@/&=-]))+/gi;

/** A path segment longer than this, or one that mixes letters and digits at half the length, is taken for a key. */
const LONG_SEGMENT = 20;

/**
 * A URL that may be shown: user info, query values, the fragment and path segments that look like API keys are
 * masked; scheme, host, port and plain path words stay, because an operator must recognise the endpoint.
 *
 * A path without a scheme (an IPC socket) holds no secret and is returned as it is. What is not a URL at all is
 * masked whole, for it may be a mistyped one.
 */
export function redactUrl(url: string): string {
  if (!url.includes("://")) return url.includes("@") || url.includes("?") ? MASK : url;
  if (!URL.canParse(url)) return MASK;
  const parsed = new URL(url);
  const userInfo = parsed.username !== "" || parsed.password !== "" ? `${MASK}@` : "";
  const path = parsed.pathname
    .split("/")
    .map((segment) => (looksLikeKey(segment) ? MASK : segment))
    .join("/");
  const query = [...parsed.searchParams.keys()].map((name) => `${looksLikeKey(name) ? MASK : name}=${MASK}`).join("&");
  const suffix = (query === "" ? "" : `?${query}`) + (parsed.hash === "" ? "" : `#${MASK}`);
  const port = parsed.port === "" ? "" : `:${parsed.port}`;
  return `${parsed.protocol}//${userInfo}${redactHost(parsed.hostname)}${port}${path === "/" ? "" : path}${suffix}`;
}

/** A host name whose labels that look like API keys are masked: some providers put the key there. */
export function redactHost(host: string): string {
  const isKey = (label: string): boolean => label.length >= LONG_SEGMENT && /\d/.test(label) && /[a-z]/i.test(label);
  return host.startsWith("[")
    ? host
    : host
        .split(".")
        .map((label) => (isKey(label) ? MASK : label))
        .join(".");
}

/** The text with every URL in it redacted. For messages that came from a library or a server. */
export function redactText(text: string): string {
  return text.replace(URL_IN_TEXT, (url) => redactUrl(url));
}

function looksLikeKey(segment: string): boolean {
  if (segment.length >= LONG_SEGMENT) return true;
  const hasDigit = /\d/.test(segment);
  const hasLetter = /[a-z]/i.test(segment);
  return segment.length >= LONG_SEGMENT / 2 && hasDigit && hasLetter;
}
