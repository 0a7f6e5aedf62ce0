import type { Hash } from "../../keeper/lib/hex.ts";
import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import { quorumOf } from "../../keeper/domain/keeperSet.ts";
import { incident, halt } from "../../keeper/books/naive/syncStorage.ts";
import type { SimBlock } from "../chain/Block.ts";
import type { Simulation } from "../run/Simulation.ts";
import { GENESIS } from "../world/genesis.ts";
import type { KeeperProcess } from "../world/KeeperProcess.ts";

/** Keepers that can post a checkpoint together. */
const QUORUM = quorumOf(BigInt(GENESIS.keepers.length), GENESIS.contracts.immutables.minKeepers);
/** Seconds that a keeper's clock may be wrong by. */
const MAX_CLOCK_ERROR = 60;
/** Keepers that were struck down last run again after so many blocks. */
const RECOVERY_BLOCKS = 5;

/** How long a divergence stood. */
export interface Containment {
  readonly kind: string;
  /** From the first honest source that told a keeper to that keeper's first transaction; null where none was sent. */
  readonly detectionMs: number | null;
  /** Blocks from the tampered one to the one with the pause; null where none was included. */
  readonly blocks: number | null;
}

/** What must hold at the end of a run in which the faults have stopped; and how long divergences stood, in every run. */
export function checkEnd(simulation: Simulation): {
  readonly missed: number;
  readonly containments: readonly Containment[];
} {
  const { chain, plan } = simulation;
  const { head } = chain;
  const containments = head.taint === null ? [] : [measure(simulation, head, head.taint.hash)];
  if (plan.mode === "safety") return { missed: 0, containments };
  const able = simulation.keepers.filter(
    ({ core, wasRotten, hasLatched, stopped }) => core !== null && !wasRotten && !hasLatched && stopped === null,
  );
  let missed = 0;
  for (const keeper of able) checkConvergence(simulation, keeper, head);
  // A clock that nobody sets right stays wrong: its keeper calls the chain halted, or its head made in the future.
  const punctual = able.filter(({ wallAheadSeconds }) => Math.abs(wallAheadSeconds) <= MAX_CLOCK_ERROR);
  if (head.taint === null && punctual.length >= QUORUM) {
    const { blocks, blockSeconds, checkpointSeconds } = plan;
    const quietSince = GENESIS.block.timestamp + (blocks + RECOVERY_BLOCKS) * blockSeconds + 2 * checkpointSeconds;
    simulation.oracles.leavesAtEnd(head, quietSince);
  }
  if (head.taint !== null && able.length > 0 && !isRestricted(head)) {
    missed = 1;
    const { kind, book, number } = head.taint;
    simulation.oracles.say(
      "P2",
      null,
      `nobody paused for ${kind} in ${book} at ${number}, ${head.number - number} blocks ago`,
    );
  }
  return { missed, containments };
}

function isRestricted(head: SimBlock): boolean {
  return head.state.value(incident.nonce) !== head.state.value(halt.clearedNonce);
}

function measure(simulation: Simulation, head: SimBlock, hash: Hash): Containment {
  let paused: SimBlock | null = null;
  let tampered: SimBlock | null = null;
  for (let block: SimBlock | null = head; block !== null; block = block.parent) {
    if (block.effects.some(({ kind }) => kind === "soft-pause")) paused = block;
    if (block.hash === hash) tampered = block;
  }
  const kind = tampered?.taint?.kind ?? "unknown";
  const blocks = paused === null || tampered === null ? null : paused.number - tampered.number;
  const detections = simulation.keepers.flatMap(({ index }) => {
    const shownAtMs = simulation.shownAtMs.get(`${index} ${hash}`);
    const sentAtMs = simulation.sentAtMs.get(`${index} ${hash}`);
    return shownAtMs === undefined || sentAtMs === undefined ? [] : [sentAtMs - shownAtMs];
  });
  return { kind, blocks, detectionMs: detections.length === 0 ? null : Math.min(...detections) };
}

/** P5: the books are those of a rebuild from the genesis, word for word. */
function checkConvergence(simulation: Simulation, { index, core }: KeeperProcess, head: SimBlock): void {
  const books = core?.books;
  const tip = books?.tip ?? null;
  const { oracles } = simulation;
  if (books === undefined || tip === null || tip.number < head.number - 1) {
    oracles.say("P5", index, `its books stand at ${tip?.number ?? "nothing"}, the chain at ${head.number}`);
    return;
  }
  const line: SimBlock[] = [];
  for (let block = head; block.parent !== null && block !== GENESIS.block; block = block.parent) line.push(block);
  const rebuilt = GENESIS.books();
  for (const block of line.reverse()) {
    if (block.number > tip.number) break;
    const { number, hash, timestamp, logs } = block;
    rebuilt.apply({ number, hash, parentHash: block.parent?.hash ?? "0x", timestamp, logs });
  }
  if (rebuilt.tip?.hash !== tip.hash)
    return oracles.say("P5", index, `its books stand at ${tip.hash}, which is not of the chain`);
  for (const name of BOOK_NAMES) {
    if (rebuilt.root(name) !== books.root(name))
      oracles.say("P5", index, `${name} is not what a rebuild from the genesis gives`);
  }
}
