import { FORMAT, type Entry } from "./entries.ts";

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isNumber: Check = (value) => typeof value === "number";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTextOrNull: Check = (value) => value === null || isText(value);
const isNumberOrNull: Check = (value) => value === null || isNumber(value);

/** An object as JSON has it, whose members are as wanted. */
const has =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isFields(value) && Object.entries(members).every(([name, check]) => check(ownMember(value, name)));
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const oneOf =
  (...wanted: readonly unknown[]): Check =>
  (value) =>
    wanted.includes(value);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const isTyped = has({ type: isText });
const isExchange = has({
  source: isText,
  kind: oneOf("call", "batch", "push"),
  calls: listOf(has({ method: isText, params: Array.isArray })),
  firstId: isCount,
  sentAtMs: isNumber,
  receivedAtMs: isNumberOrNull,
  settledAtMs: isNumber,
  text: isTextOrNull,
  // JSON has no infinity.
  retryAfterMs: maybe(isNumberOrNull),
  fault: isTextOrNull,
  cut: maybe(has({ bytes: isCount, sha256: isText })),
});
const beginning = {
  format: isNumber,
  build: isText,
  wallMs: isNumber,
  atMs: isNumber,
};

/** What a line of each type holds. What an input, a decision or the options hold themselves is for the core to judge. */
const SHAPES: ReadonlyMap<unknown, Check> = new Map<Entry["type"], Check>([
  ["recording", has({ ...beginning, options: (value) => isFields(value) })],
  ["window", has({ ...beginning, options: oneOf(null) })],
  ["segment", has({ number: isCount })],
  ["input", has({ atMs: isNumber, input: isTyped })],
  ["exchange", has({ exchange: isExchange })],
  ["taken", has({ source: isText, firstId: isCount, atMs: isNumber, nowMs: isNumber })],
  ["decision", has({ atMs: isNumber, decision: isTyped })],
  [
    "end",
    has({
      reason: oneOf("closed", "full", "overrun", "failed"),
      filledBy: maybe(has({ source: isText, bytes: isNumber })),
    }),
  ],
]);

/** Why a value is no line of a recording; null when it is one. A line of a later format is not looked at. */
export function checkEntry(value: unknown): string | null {
  if (!isTyped(value)) return "the line is of no known type";
  const { type, format } = value as Fields;
  const shape = SHAPES.get(type);
  if (shape === undefined) return "the line is of no known type";
  if ((type === "recording" || type === "window") && isNumber(format) && format !== FORMAT) return null;
  return shape(value) ? null : `a member of the line, which is of type ${String(type)}, is missing or of another type`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function ownMember(value: Fields, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
