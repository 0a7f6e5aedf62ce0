import { redactText } from "../lib/redact.ts";

/** Shorter pieces are no secrets, and masking them would make a text unreadable. */
const MIN_LENGTH = 6;

/** The text without the secrets, the parts of secret URLs, and every other URL's secrets. */
export function scrub(text: string, secrets: readonly string[]): string {
  const pieces = secrets.flatMap(piecesOf).filter((piece) => piece.length >= MIN_LENGTH);
  // Longest first, so that no part of a longer one is left over.
  const sorted = [...new Set(pieces)].sort((a, b) => b.length - a.length);
  return redactText(sorted.reduce((rest, piece) => rest.replaceAll(piece, "***"), text));
}

/** A secret, and if it is a URL all of it that is not its host. */
function piecesOf(secret: string): string[] {
  if (!URL.canParse(secret)) return [secret];
  const { href, pathname, search, username, password, hash, searchParams } = new URL(secret);
  const segments = [...pathname.split("/"), ...searchParams.values()];
  const raw = [secret, href, pathname, search, username, password, hash.slice(1), ...segments];
  return [...raw, ...raw.map(decoded)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
