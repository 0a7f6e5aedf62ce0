import type { TamperKind } from "../chain/Block.ts";
import { Draw } from "../../scripts/histories/Draw.ts";
import { CRASH_MOMENTS, EVIL_KEEPER, LIES, startOf, type Fault } from "./Fault.ts";
import type { Mode, Plan, PlannedSource } from "./Plan.ts";

const TAMPERS: readonly TamperKind[] = [
  "write",
  ...(["write", "new-word", "result", "missing-effect", "illegal", "unreadable", "code"] as const),
];
/** Chance of its own, so that which plans are long changes nothing else about any. */
const LONG_STREAM = 2;
const LONG_SECONDS = 120;
const KEYS = ["pause", "attest", "post"] as const;

/** Sources by the operators that have them; in some an operator has most of the sources. */
const FLEETS: readonly (readonly number[])[] = [
  ...[
    [0, 1, 2],
    [0, 1, 2],
    [0, 1, 2],
    [0, 0, 1, 2],
    [0, 0, 0, 1, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 3, 4],
  ],
];

/** What may be left out of a plan by choice. */
export interface PlanOptions {
  readonly seed: number;
  readonly mode: Mode;
  /** Only what sources and the network may do to a keeper, and shallow reorgs: a pause is then always a false one. */
  readonly isPauseForbidden?: boolean;
}

/** Draws a plan: the same options, the same plan. */
export function drawPlan({ seed, mode, isPauseForbidden = false }: PlanOptions): Plan {
  const draw = new Draw(seed, mode === "safety" ? 0 : 1);
  const fleet = draw.pick(FLEETS);
  const sources = fleet.map((operator, index): PlannedSource => {
    return { id: `source-${index}`, operator: `operator-${operator}` };
  });
  // Some are about a keeper that pauses for nothing: hours have to pass until what it did is over.
  const isLong = !isPauseForbidden && new Draw(seed, LONG_STREAM).chance(0.03);
  const keepers = isLong ? 4 : isPauseForbidden ? 1 : draw.pick([1, 1, 1, 1, 1, 1, 2, 2, 4, 4]);
  const blockSeconds = isLong ? LONG_SECONDS : draw.pick([12, 12, 2]);
  const blocks = isPauseForbidden ? draw.between(150, 250) : draw.between(20, 60);
  const shape = { draw, fleet, keepers, blocks, blockMs: blockSeconds * 1_000 };
  const count = draw.between(1, isPauseForbidden ? 14 : 9);
  const kinds = isPauseForbidden ? OUTSIDE : [...OUTSIDE, ...INSIDE];
  const faults = Array.from({ length: count }, () => draw.pick(kinds)(shape));
  if (isLong) faults.push(...falsePauses(shape));
  else if (!isPauseForbidden && draw.chance(0.65)) faults.push(...incident(shape));
  const isMajorityLying = !isPauseForbidden && draw.chance(0.04);
  if (isMajorityLying) faults.push(majorityLie(shape));
  return {
    ...{ seed, mode, blocks, blockSeconds, keepers, sources, isMajorityLying },
    quietBlocks: mode === "safety" ? 0 : isLong ? 42 : 30,
    traffic: draw.pick(isLong ? [1, 1, 2, 3] : [0, 1, 1, 2, 3]),
    checkpointSeconds: blockSeconds * draw.pick(isLong ? [2, 3] : [3, 6, 12]),
    faults: faults.sort((one, other) => startOf(one) - startOf(other)),
  };
}

interface Shape {
  readonly draw: Draw;
  /** Operator of each source. */
  readonly fleet: readonly number[];
  readonly keepers: number;
  readonly blocks: number;
  readonly blockMs: number;
}

type Make = (shape: Shape) => Fault;

function moment({ draw, blocks, blockMs }: Shape): { readonly atMs: number } {
  return { atMs: draw.between(2 * blockMs, (blocks - 2) * blockMs) };
}

function span(shape: Shape, mostBlocks = 12): { readonly fromMs: number; readonly toMs: number } {
  const { atMs } = moment(shape);
  return { fromMs: atMs, toMs: atMs + shape.draw.between(500, mostBlocks * shape.blockMs) };
}

function source({ draw, fleet }: Shape): number {
  return draw.below(fleet.length);
}

function keeper({ draw, keepers }: Shape): number {
  return draw.below(keepers);
}

function tamper(shape: Shape): Fault {
  const { draw, blocks, blockMs } = shape;
  const atMs = draw.between(3 * blockMs, (blocks - 6) * blockMs);
  return { kind: "tamper", how: draw.pick(TAMPERS), choice: draw.below(1_000), atMs };
}

/** Somebody tampers, now and then just when keepers can sign nothing. */
function incident(shape: Shape): Fault[] {
  const { draw, blockMs } = shape;
  const fault = tamper(shape);
  const fromMs = startOf(fault) - blockMs;
  const loss: Fault = {
    kind: "signer-loss",
    keeper: 0,
    key: "pause",
    fromMs,
    toMs: fromMs + draw.between(2, 5) * blockMs,
  };
  return draw.chance(0.1) ? [fault, loss] : [fault];
}

function falsePauses(shape: Shape): Fault[] {
  const pauses = shape.draw.between(1, 3);
  return Array.from({ length: pauses }, () => ({ kind: "false-pause", keeper: EVIL_KEEPER, ...moment(shape) }));
}

/** Sources of fewer operators than make a majority; half of the time all of one operator. */
function minority({ draw, fleet }: Shape): number[] {
  const operators = [...new Set(fleet)];
  const most = Math.floor((operators.length - 1) / 2);
  const liars = draw.chance(0.5) ? [0] : draw.some(operators, draw.between(1, Math.max(1, most)));
  const theirs = fleet.flatMap((operator, index) => (liars.includes(operator) ? [index] : []));
  return draw.chance(0.7) ? theirs : theirs.slice(0, 1);
}

function lie(shape: Shape): Fault {
  const sources = minority(shape);
  return { kind: "lie", sources, how: shape.draw.pick(LIES), ...span(shape, 25) };
}

function majorityLie(shape: Shape): Fault {
  const { draw, fleet } = shape;
  const operators = [...new Set(fleet)];
  const liars = draw.some(operators, Math.floor(operators.length / 2) + 1);
  const sources = fleet.flatMap((operator, index) => (liars.includes(operator) ? [index] : []));
  return { kind: "lie", sources, how: draw.pick(["fork", "tampered-fork"]), ...span(shape, 20) };
}

/** What others do: chain, sources, network. */
const OUTSIDE: readonly Make[] = [
  (shape) => ({ kind: "reorg", depth: shape.draw.pick([1, 1, 1, 2, 2, 3]), ...moment(shape) }),
  (shape) => ({ kind: "reorg", depth: shape.draw.pick([1, 2, 3, 5, 8]), ...moment(shape) }),
  (shape) => ({ kind: "missed-slots", slots: shape.draw.between(1, 5), ...moment(shape) }),
  (shape) => ({ kind: "gas-spike", factor: shape.draw.pick([3, 20, 400, 20_000]), ...span(shape, 6) }),
  (shape) => ({ kind: "full-blocks", ...span(shape, 4) }),
  lie,
  lie,
  lie,
  (shape) => ({ kind: "lag", source: source(shape), byMs: shape.draw.between(500, 5 * shape.blockMs), ...span(shape) }),
  (shape) => ({ kind: "stale", source: source(shape), ...span(shape, 20) }),
  (shape) => ({ kind: "down", source: source(shape), ...span(shape) }),
  (shape) => ({ kind: "unproving", source: source(shape), ...span(shape) }),
  (shape) => ({ kind: "drop", keeper: keeper(shape), percent: shape.draw.between(5, 90), ...span(shape) }),
  (shape) => ({ kind: "delay", keeper: keeper(shape), byMs: shape.draw.between(200, 4_000), ...span(shape) }),
  (shape) => ({ kind: "duplicate", keeper: keeper(shape), percent: shape.draw.between(20, 90), ...span(shape) }),
  (shape) => {
    const all = shape.fleet.map((_, index) => index);
    return {
      kind: "clog",
      keeper: keeper(shape),
      sources: shape.draw.some(all, shape.draw.between(1, 5)),
      ...span(shape, 5),
    };
  },
];

/** What happens to keepers themselves. */
const INSIDE: readonly Make[] = [
  ...[crash, crash, crash],
  (shape) => ({ kind: "stall", keeper: keeper(shape), ...span(shape, 2) }),
  (shape) => ({ kind: "bit-rot", keeper: keeper(shape), record: shape.draw.below(1_000), ...moment(shape) }),
  (shape) => ({ kind: "memory-rot", keeper: keeper(shape), choice: shape.draw.below(1_000), ...moment(shape) }),
  (shape) => ({ kind: "disk-full", keeper: keeper(shape), ...span(shape, 4) }),
  (shape) => ({
    kind: "clock-jump",
    keeper: keeper(shape),
    seconds: shape.draw.pick([-3_600, -30, 30, 86_400]),
    ...moment(shape),
  }),
  (shape) => ({ kind: "signer-loss", keeper: keeper(shape), key: shape.draw.pick(KEYS), ...span(shape, 5) }),
  (shape) => ({ kind: "peers-cut", keeper: keeper(shape), ...span(shape) }),
  (shape) => ({ kind: "equivocate", keeper: EVIL_KEEPER, ...span(shape, 20) }),
];

function crash(shape: Shape): Fault {
  const { draw } = shape;
  return {
    ...{ kind: "crash", keeper: keeper(shape), moment: draw.pick(CRASH_MOMENTS), isTorn: draw.chance(0.5) },
    downMs: draw.between(100, 5 * shape.blockMs),
    ...moment(shape),
  };
}
