import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { EXIT } from "../../keeper/commands/exitCodes.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { ACTIONS, usageOf } from "./actionTable.ts";
import { ChaosReport } from "./ChaosReport.ts";
import { ChaosRpc } from "./ChaosRpc.ts";
import { CONDITION_NAMES } from "./checkRule.ts";
import { parseRule } from "./parseRule.ts";
import type { ActionName, Rule } from "./Rule.ts";
import { readRules, watchRules } from "./rulesFile.ts";

/** The options of `lockstep chaos-rpc`. */
export interface ChaosRpcFlags {
  /** URLs of the nodes; the first answers unless a rule says otherwise. */
  readonly upstreams: readonly string[];
  /** Texts of rules; they come before those of the file. */
  readonly rules: readonly string[];
  /** A JSON list of rules. */
  readonly rulesFile: string | undefined;
  /** Reads the file again whenever it changes. */
  readonly isWatching: boolean;
  /** Undefined: drawn, and printed. */
  readonly seed: number | undefined;
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** Says nothing about single lies. */
  readonly isQuiet: boolean;
  /** One JSON value a line. */
  readonly isJson: boolean;
  /** Lists the actions, and does nothing else. */
  readonly isList: boolean;
}

/** Faults of whoever wrote the command line. */
const USAGE_FAULTS = new Set(["ChaosRule", "ChaosUpstream"]);

/** `lockstep chaos-rpc`: lies until the process is asked to end. 2 for rules or upstreams that are none. */
export async function chaosRpc(flags: ChaosRpcFlags, context: CommandContext): Promise<number> {
  if (flags.isList) {
    context.stdout.write(listActions());
    return EXIT.clean;
  }
  try {
    await lieUntilEnd(flags, context);
    return EXIT.clean;
  } catch (error: unknown) {
    if (!KeeperError.is(error) || !USAGE_FAULTS.has(error.code)) throw error;
    context.stderr.write(`lockstep: ${error.code}: ${error.message}\n(lockstep chaos-rpc --list lists the actions)\n`);
    return EXIT.usage;
  }
}

async function lieUntilEnd(flags: ChaosRpcFlags, context: CommandContext): Promise<void> {
  const { upstreams, seed, host, port, rulesFile } = flags;
  const given = flags.rules.map((text) => parseRule(text));
  const readAll = (): Rule[] => [...given, ...(rulesFile === undefined ? [] : readRules(rulesFile))];
  const report = new ChaosReport(context, flags.isJson, flags.isQuiet);
  const proxy = await ChaosRpc.start({
    ...{ upstreams, host, port, rules: readAll(), ...(seed === undefined ? {} : { seed }) },
    onLie: (rule, subject) => report.lie(rule, subject),
  });
  report.listening(proxy, upstreams);
  const reread = (): void => {
    try {
      proxy.setRules(readAll());
      report.rules(proxy.rules);
    } catch (error: unknown) {
      if (!KeeperError.is(error)) throw error;
      report.rulesRefused(error.message);
    }
  };
  const unwatch = flags.isWatching && rulesFile !== undefined ? watchRules(rulesFile, reread) : (): void => undefined;
  await context.ended;
  unwatch();
  await proxy.close();
  report.ended(proxy);
}

function listActions(): string {
  const names = Object.keys(ACTIONS) as ActionName[];
  const usages = names.map((name) => usageOf(name));
  const width = Math.max(...usages.map(({ length }) => length));
  const conditions = CONDITION_NAMES.filter((name) => name !== "method" && name !== "match").map((name) =>
    name === "forward" ? name : `${name}=…`,
  );
  return [
    `method[match] ${conditions.join(" ")}: action`,
    ...names.map((name, index) => `  ${(usages[index] ?? "").padEnd(width)}  ${ACTIONS[name].about}`),
    "",
  ].join("\n");
}
