import { isRetryable, KeeperError } from "../errors/KeeperError.ts";

/** What the process's exit status says. */
export const EXIT = {
  clean: 0,
  /** Fatal configuration or fault. */
  fatal: 1,
  /** The command line was not understood. */
  usage: 2,
  /** The keeper latched itself: a human is needed. */
  latched: 3,
  /** Something outside failed for now: try again. */
  tryAgain: 75,
} as const;

/** What was asked for cannot be meant, or is not wanted after all. */
const USAGE: ReadonlySet<string> = new Set(["UnknownScenario", "NotConfirmed", "IncidentUnknown", "IncidentAmbiguous"]);

/** The exit status for an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  if (KeeperError.is(error, "Latched")) return EXIT.latched;
  if (KeeperError.is(error) && USAGE.has(error.code)) return EXIT.usage;
  if (KeeperError.is(error, "Stopped")) return EXIT.clean;
  return isRetryable(error) ? EXIT.tryAgain : EXIT.fatal;
}
