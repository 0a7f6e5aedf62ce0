import { KeeperError } from "../errors/KeeperError.ts";
import { compareDecisions, describeVerdict, type Comparison } from "../evidence/compareDecisions.ts";
import type { Decision } from "../evidence/entries.ts";
import { readRecording, type Recording } from "../evidence/readRecording.ts";
import { Replayer, type ReplayOptions } from "../evidence/Replayer.ts";
import type { CommandContext } from "./CommandContext.ts";
import { EXIT } from "./exitCodes.ts";
import { LiveView } from "./LiveView.ts";

/** The command line of a replay. */
export interface ReplayFlags {
  /** One JSON object a line instead of lines for people. */
  readonly json?: boolean;
  /** Goes on over lines that were changed after they were recorded. */
  readonly altered?: boolean;
}

/** What names no recording is a mistake of the command line; anything else that is wrong with one is its answer. */
const USAGE: ReadonlySet<string> = new Set(["RecordingMissing", "RecordingAmbiguous"]);

/**
 * `lockstep replay <directory>`: lets this build decide what a recorded keeper was told, and compares. Reads only; nothing is
 * sent, signed or asked. Returns 0 when it decides the same, 1 when not or when the recording cannot be read, 2 when there is
 * none. `core` holds broken parts, for tests.
 */
export async function replay(
  directory: string,
  flags: ReplayFlags,
  context: CommandContext,
  core: Pick<ReplayOptions, "replacements"> = {},
): Promise<number> {
  const write = (line: string): unknown => context.stdout.write(`${line}\n`);
  try {
    const recording = await readRecording(directory, { mayBeAltered: flags.altered ?? false });
    const onDecision = flags.json === true ? toJsonLines(write) : toLines(recording, context, write);
    const replayed = Replayer.replay(recording, { ...core, onDecision });
    const comparison = compareDecisions(recording.decisions, replayed);
    if (flags.json === true) write(JSON.stringify(summaryOf(recording, comparison)));
    else for (const line of describeSummary(recording, comparison)) write(line);
    return comparison.difference === null ? EXIT.clean : EXIT.fatal;
  } catch (error: unknown) {
    if (!KeeperError.is(error) || !error.code.startsWith("Recording")) throw error;
    context.stderr.write(`lockstep: ${error.code}: ${error.message}\n`);
    return USAGE.has(error.code) ? EXIT.usage : EXIT.fatal;
  }
}

type OnDecision = (decision: Decision, atMs: number) => void;

function toLines({ beginning }: Recording, context: CommandContext, write: (line: string) => void): OnDecision {
  let wallMs = beginning.wallMs;
  const live = new LiveView({ write, isColoured: context.isColoured, wallNow: () => wallMs });
  return (decision, atMs) => {
    wallMs = beginning.wallMs + (atMs - beginning.atMs);
    live.see(decision, atMs);
  };
}

function toJsonLines(write: (line: string) => void): OnDecision {
  return (decision) => {
    if (decision.type !== "block") return;
    const { number, hash, verdict } = decision.report;
    write(JSON.stringify({ type: "block", number, hash, verdict: verdict.kind, detail: describeVerdict(verdict) }));
  };
}

function summaryOf({ beginning, end, tornBytes, altered }: Recording, comparison: Comparison): unknown {
  return {
    type: "summary",
    isSame: comparison.difference === null,
    ...comparison,
    build: beginning.build,
    end,
    tornBytes,
    altered,
  };
}

function describeSummary(recording: Recording, { difference, notes, blockCount }: Comparison): string[] {
  const { beginning, altered } = recording;
  const blocks = `${blockCount} block${blockCount === 1 ? "" : "s"}`;
  const lines = [
    ...describeEnd(recording),
    ...altered.slice(0, 5).map((where) => `altered after it was recorded: ${where}`),
    ...notes,
  ];
  if (difference === null) return [...lines, `same decisions as build ${beginning.build} in ${blocks}`];
  const { blockNumber, blockHash, recorded, replayed, what } = difference;
  return [
    ...lines,
    `differs at block ${blockNumber}${blockHash === null ? "" : ` (${blockHash})`}, ${what}`,
    `  recorded by build ${beginning.build}: ${recorded}`,
    `  replayed: ${replayed}`,
  ];
}

/** What is to be known of how the recording ends, if it is out of the ordinary. */
function describeEnd({ end, tornBytes }: Recording): string[] {
  const torn = tornBytes === 0 ? [] : [`the last line was cut short: ${tornBytes} bytes are not used`];
  if (end === "closed") return torn;
  const why = {
    full: "its bound was reached",
    overrun: "the disk could not keep up",
    failed: "the disk refused it",
  };
  return [...torn, `the recording ends early: ${end === null ? "its process died" : why[end]}`];
}
