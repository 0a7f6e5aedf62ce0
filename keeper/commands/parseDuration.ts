import { InvalidArgumentError } from "commander";

/** Milliseconds of `30s`, `500ms`, `2m` or plain seconds. Throws what commander takes for a wrong argument. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9})(ms|s|m)?$/.exec(text);
  const factor = { ms: 1, s: 1_000, m: 60_000 }[match?.[2] ?? "s"];
  if (match === null || factor === undefined) throw new InvalidArgumentError("expected for example 30s, 500ms or 2m");
  return Number(match[1]) * factor;
}
