import type { KeyRole } from "../config/KeyConfig.ts";
import type { ProbeResult } from "../probes/Probe.ts";
import type { Paint } from "./formatBlock.ts";
import type { RotationStep } from "./planRotation.ts";

/** What a rotation came to, as `--json` prints it. */
export interface RotationReport {
  readonly role: KeyRole;
  readonly old: string | null;
  readonly new: string;
  readonly checks: readonly ProbeResult[];
  readonly steps: readonly RotationStep[];
  /** Steps that were sent and included now, with their transactions. */
  readonly sent: readonly string[];
}

/** The checks of the new key, and the steps in their order with what is to be sent. */
export function formatRotation({ role, old, new: key, checks, steps, sent }: RotationReport, paint: Paint): string {
  const lines = [`${role} key: ${old ?? "none"} → ${key}`];
  for (const { name, status, detail, advice } of checks) {
    const mark = status === "fail" ? paint.red(status) : status === "warn" ? paint.yellow(status) : paint.green(status);
    lines.push(`  ${mark}  ${name}: ${detail}`);
    if (advice !== undefined && status !== "ok") lines.push(`        → ${advice}`);
  }
  if (checks.some(({ status }) => status === "fail"))
    return [...lines, "", "The new key cannot be used: nothing was sent."].join("\n");
  if (role !== "post") {
    lines.push(
      "",
      "KeeperRegistry changes no key of a keeper: a new keeper joins, then the old one leaves. It needs a bond of its own.",
    );
    lines.push(
      "If the old key is stolen do not wait: governance takes the old keeper out first (KeeperRegistry.remove).",
    );
  }
  lines.push("");
  for (const [index, { name, state, who, what, transaction, scheduled }] of steps.entries()) {
    const mark = state === "done" ? paint.dim("done ") : state === "now" ? paint.green("now  ") : "later";
    lines.push(`${index + 1}. ${mark}  ${name}, by ${who}: ${what}`);
    if (state === "done" || transaction === null) continue;
    lines.push(`     to ${transaction.to}`, `     data ${transaction.data}`);
    if (scheduled === undefined) continue;
    lines.push(`     or, with a delay, by AccessManager ${scheduled.to}`, `       schedule ${scheduled.schedule}`);
    lines.push(`       execute  ${scheduled.execute}`);
  }
  for (const transaction of sent) lines.push(paint.green(`sent and included: ${transaction}`));
  lines.push("", "Run the same command again after each step: it says what is left.");
  return lines.join("\n");
}
