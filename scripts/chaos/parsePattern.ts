/**
 * The regular expression that a text written as `/…/` or `/…/i` is; undefined for a plain text.
 *
 * @throws SyntaxError when what stands between the slashes is none.
 */
export function parsePattern(text: string): RegExp | undefined {
  const parts = /^\/(?<source>.+)\/(?<flags>i?)$/s.exec(text)?.groups;
  return parts === undefined ? undefined : new RegExp(parts["source"] ?? "", parts["flags"]);
}
