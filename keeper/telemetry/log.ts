import { toLogValue } from "./toLogValue.ts";

/** Log levels, least important first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a line says besides its event; `ts`, `level` and `event` are taken. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes events. Logging never throws and never waits. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger that adds the same fields to each of its lines, such as an incident id. */
  child(fields: LogFields): Logger;
}

/** What a logger is made of. */
export interface LoggerOptions {
  /** Events below this level are dropped. */
  readonly level: LogLevel;
  /** Where lines go, such as `process.stderr`. */
  readonly output: { write(text: string): unknown };
  /** Wall-clock milliseconds. */
  readonly now: () => number;
}

/** Longest line, characters: what is longer is no JSON for its reader, but the beginning of one in `cutOff`. */
const MAX_LINE = 262_144;

/** Control, format and separator characters: they could forge lines or reorder what a terminal shows. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A logger that writes one JSON object a line: `ts` (ISO 8601), `level`, `event` (a stable name), then the fields.
 *
 * Bigints become decimal strings, errors their code, message and payload. URLs are redacted in every text, fields
 * with the name of a secret are masked, and characters that could deceive a reader are escaped.
 */
export function createLogger(options: LoggerOptions): Logger {
  return withFields(options, {});
}

function withFields(options: LoggerOptions, base: LogFields): Logger {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(options.level)) return;
      const head = { ts: new Date(options.now()).toISOString(), level, event };
      const rest = toLogValue({ ...base, ...fields }) as Record<string, unknown>;
      const text = JSON.stringify({ ...head, ...rest, ...head });
      const kept = text.length <= MAX_LINE ? text : JSON.stringify({ ...head, cutOff: text.slice(0, MAX_LINE) });
      const line = kept.replace(UNSAFE, escapeCharacter);
      options.output.write(`${line}\n`);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => withFields(options, { ...base, ...fields }),
  };
}

function escapeCharacter(character: string): string {
  // Beyond the first plane JSON writes two units.
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
