import type { Verification } from "../evidence/bundle/Verification.ts";

/** As long as a line of a terminal has to be read. */
const MAX_TEXT = 400;
/** Of findings and slots that are shown; all are in the JSON. */
const MAX_SHOWN = 20;

/** What a verification came to, in lines for people. */
export function formatVerification(verification: Verification): string[] {
  const { result, reason, failure, passed, kind, incidentId, evidenceHash, level, software } = verification;
  const { findings, slots, given, claimed, lookUp } = verification;
  const what = kind === "OwnFault" ? "a fault of the keeper's own" : "a divergence";
  return [
    `${result.toUpperCase()}  ${plain(reason)}`,
    ...(failure === null ? [] : [`  failed at: ${failure.check}, ${plain(failure.blob)}`]),
    ...(incidentId === null
      ? []
      : [`  incident:  ${incidentId} (${what}), written by version ${plain(software ?? "?")}`]),
    ...(evidenceHash === null ? [] : [`  evidence:  ${evidenceHash}, the hash of its findings and settings`]),
    `  checked:   ${passed.join(", ") || "nothing"}`,
    ...(level === null || result !== "confirmed" ? [] : [`  shows:     ${describeLevel(level)}`]),
    ...section(
      "found by this program's own replay",
      findings.map(({ contract, cause, detail, logIndex }) => {
        return `${contract}: ${cause}${logIndex === null ? "" : ` at log ${logIndex}`}: ${detail}`;
      }),
    ),
    ...section(
      "words that differ, each proved",
      slots.map(({ contract, name, before, implied, chain }) => {
        return `${contract} ${name}: before ${hex(before)}, by the events ${hex(implied)}, on the chain ${hex(chain)}`;
      }),
    ),
    ...section("taken on the keeper's word", claimed),
    ...section("rests on, compare with your contracts", given),
    ...section("cannot be seen offline, look up", lookUp),
  ];
}

function describeLevel(level: NonNullable<Verification["level"]>): string {
  return level === "located" ? "that and where they differ" : "that they differ, not where (root-only)";
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length > MAX_SHOWN ? [`    and ${lines.length - MAX_SHOWN} more`] : [];
  return [`  ${title}:`, ...lines.slice(0, MAX_SHOWN).map((line) => `    ${plain(line)}`), ...rest];
}

function hex(word: bigint): string {
  return `0x${word.toString(16)}`;
}

/** Whatever a bundle says, a terminal shows it and does not obey it: all but printable ASCII is escaped. */
function plain(text: string): string {
  const escaped = Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code >= 0x20 && code < 0x7f ? character : `\\u{${code.toString(16)}}`;
  }).join("");
  return escaped.length > MAX_TEXT ? `${escaped.slice(0, MAX_TEXT)}…` : escaped;
}
