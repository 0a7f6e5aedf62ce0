import type { Notice } from "./Notice.ts";

/** Whether a notice only adds to what is known of an incident. Its event says what; those of states are all `incident`. */
export function isNote({ kind, event }: Pick<Notice, "kind" | "event">): boolean {
  return kind === "incident" && event !== "incident";
}
