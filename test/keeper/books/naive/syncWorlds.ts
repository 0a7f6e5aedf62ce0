import { id, type Result } from "ethers";

import { findCheckpoint } from "../../../../keeper/books/naive/checkpointRing.ts";
import { Derivation } from "../../../../keeper/books/naive/Derivation.ts";
import { hot } from "../../../../keeper/books/naive/ledgerStorage.ts";
import {
  checkpointAt,
  guard,
  halt,
  incident,
  keeperAt,
  keepers,
  keyAt,
  type CheckpointField,
  type KeyField,
} from "../../../../keeper/books/naive/syncStorage.ts";
import type { Place } from "../../../../keeper/books/naive/words.ts";
import type { Found } from "./Toured.ts";
import { at, now, num, was, type Changes, type World } from "./world.ts";

/** The guard knows by itself that everything is wound down. */
const WOUND_DOWN: Changes = [[halt.windDownAt, 1n]];
const COOL_DOWN = 3_600n;
const DAY = 86_400n;

/** Whether a pause is for the books, and not the first of its key. */
const isSecond = (args: Result): boolean => num(args, "class") === 0n && num(args, "generation") === 1n;
/** Whether a halt is the one that begins the end of the tour. */
const isNinth = (args: Result): boolean => at(args, "cause") === id("ninth");

/** A variable of the pause key of the event's keeper. */
function keyOf(args: Result, found: Found, field: KeyField): Place {
  const pauser = was(found, keeperAt(at(args, "attester")).pauser);
  return keyAt(`0x${pauser.toString(16).padStart(40, "0")}`)[field];
}

/** A variable of the checkpoint of a block. */
function checkpointOf(found: Found, blockNumber: bigint, field: CheckpointField): Place {
  return checkpointAt(findCheckpoint(new Derivation(found.input), blockNumber)!)[field];
}

function flagged(found: Found, flags: bigint): Changes {
  return [[hot.flags, was(found, hot.flags) | flags]];
}

const PAUSES: readonly World[] = [
  {
    name: "a soft pause with a key that does not pause",
    event: "PauseUsed",
    changes: (args, found) => [[keyOf(args, found, "isPausing"), 0n]],
    detail: /not active/,
  },
  {
    name: "a soft pause too soon after the end of the last incident",
    event: "PauseUsed",
    isMeant: isSecond,
    changes: (_, found) => [[incident.liftedAt, now(found) - COOL_DOWN + 1n]],
    detail: /before the key is rearmed/,
  },
  {
    name: "a soft pause too soon after the end of the key's last one",
    event: "PauseUsed",
    isMeant: isSecond,
    changes: (args, found) => [[keyOf(args, found, "booksUntil"), now(found) - COOL_DOWN + 1n]],
    detail: /before the key is rearmed/,
  },
  {
    name: "a second soft pause of a key in one incident",
    event: "PauseUsed",
    isMeant: isSecond,
    changes: (args, found) => [[keyOf(args, found, "generation"), 1n]],
    detail: /before the key is rearmed/,
  },
  {
    name: "a soft pause for a view after one for the books",
    event: "PauseUsed",
    isMeant: (args) => num(args, "class") === 1n,
    changes: (args, found) => [
      [keyOf(args, found, "booksUntil"), now(found)],
      [keyOf(args, found, "generation"), num(args, "generation")],
    ],
    detail: /before the key is rearmed/,
  },
  {
    name: "a soft pause for a block that is judged",
    event: "SoftPaused",
    changes: (args) => [[incident.softBlock, num(args, "blockNumber")]],
    detail: /again/,
  },
  {
    name: "a soft pause in a wind-down",
    event: "SoftPaused",
    changes: () => WOUND_DOWN,
    detail: /in a wind-down/,
  },
  {
    name: "a soft pause that is lifted before its end",
    event: "SoftLifted",
    changes: (_, found) => [[incident.softUntil, now(found) + 1n]],
    detail: /must stand/,
  },
  {
    name: "a halt that is lifted like a soft pause",
    event: "SoftLifted",
    changes: (_, found) => flagged(found, 8n),
    detail: /must stand/,
  },
  {
    name: "a checkpoint that leaves a soft pause which it lifts",
    event: "CheckpointPosted",
    which: "first",
    changes: (args, found) => [
      ...flagged(found, 3n),
      [incident.softUntil, now(found)],
      [incident.softBlock, num(args, "blockNumber") - 1n],
    ],
    detail: /leaves a soft pause/,
  },
  {
    name: "a checkpoint without a quorum of keepers",
    event: "CheckpointPosted",
    changes: () => [[keepers.active, 1n]],
    detail: /without a quorum/,
  },
];

const HALTS: readonly World[] = [
  {
    name: "a halt without a quorum of keepers",
    event: "HardPaused",
    isMeant: isNinth,
    changes: () => [[keepers.active, 1n]],
    detail: /without a quorum/,
  },
  {
    name: "a halt for an incident that is halted for",
    event: "HardPaused",
    changes: (args) => [[guard.cause, BigInt(at(args, "cause"))]],
    detail: /for an incident again/,
  },
  {
    name: "a halt whose witness is convicted",
    event: "HardPaused",
    isMeant: isNinth,
    changes: (args, found) => [[checkpointOf(found, num(args, "witnessNumber"), "status"), 3n]],
    detail: /for the witness, which no recent block has/,
  },
  {
    name: "a halt in a wind-down",
    event: "HardPaused",
    isMeant: isNinth,
    changes: () => WOUND_DOWN,
    detail: /in a wind-down/,
  },
  {
    name: "a resume before the cool-down is over",
    event: "Resumed",
    changes: (_, found) => [[halt.pausedAt, now(found) - COOL_DOWN + 1n]],
    detail: /cool-down/,
  },
  {
    name: "a resume with a checkpoint of before the repair",
    event: "Resumed",
    changes: (args) => [[halt.repairBlock, num(args, "checkpointNumber")]],
    detail: /not after/,
  },
  {
    name: "a resume with a checkpoint of before the halt",
    event: "Resumed",
    changes: (args) => [[halt.haltBlock, num(args, "checkpointNumber")]],
    detail: /not after/,
  },
  {
    name: "a resume with a convicted checkpoint",
    event: "Resumed",
    changes: (args, found) => [[checkpointOf(found, num(args, "checkpointNumber"), "status"), 3n]],
    detail: /no valid checkpoint/,
  },
  {
    name: "a resume of another incident",
    event: "Resumed",
    changes: () => [[guard.cause, 1n]],
    detail: /another incident/,
  },
  {
    name: "a resume without a quorum of keepers",
    event: "Resumed",
    changes: () => [[keepers.size, 30n]],
    detail: /without a quorum/,
  },
  {
    name: "a resume of nothing",
    event: "Resumed",
    changes: (_, found) => [[halt.clearedNonce, was(found, incident.nonce)]],
    detail: /what is not paused/,
  },
  {
    name: "a resume in a wind-down",
    event: "Resumed",
    changes: () => WOUND_DOWN,
    detail: /in a wind-down/,
  },
];

const KEEPERS: readonly World[] = [
  {
    name: "a keeper that is active before its time",
    event: "KeeperActivated",
    changes: (args, found) => [[keeperAt(at(args, "attester")).since, now(found) + 1n]],
    detail: /join delay/,
  },
  {
    name: "a keeper that is active without a bond",
    event: "KeeperActivated",
    changes: (args) => [[keeperAt(at(args, "attester")).status, 1n]],
    detail: /not bonded/,
  },
  {
    name: "a bond that is paid back too early",
    event: "BondWithdrawn",
    isMeant: (args) => num(args, "amount") !== 0n,
    changes: (args, found) => [[keeperAt(at(args, "attester")).since, now(found) - DAY + 1n]],
    detail: /before it is released/,
  },
  {
    name: "a keeper that is slashed again",
    event: "KeeperSlashed",
    changes: (args) => [[keeperAt(at(args, "attester")).status, 6n]],
    detail: /nothing at stake/,
  },
  {
    name: "a seat closed that is taken",
    event: "SeatClosed",
    changes: (_, found) => [[keepers.size, was(found, keepers.active)]],
    detail: /a seat that is taken/,
  },
  {
    name: "a key approved that is known",
    event: "KeeperApproved",
    changes: (args) => [[keyAt(at(args, "pauser")).attester, 1n]],
    detail: /which is known/,
  },
  {
    name: "a reward paid again",
    event: "RewardPaid",
    changes: (args, found) => [[checkpointOf(found, num(args, "blockNumber"), "isPaid"), 1n]],
    detail: /for a checkpoint again/,
  },
  {
    name: "a reward for a checkpoint that is convicted",
    event: "RewardPaid",
    changes: (args, found) => [[checkpointOf(found, num(args, "blockNumber"), "status"), 3n]],
    detail: /is convicted/,
  },
  {
    name: "a reward while there are fees to sweep",
    event: "RewardPaid",
    changes: (_, found) => [[hot.fees, was(found, hot.fees) + 1n]],
    detail: /fees to sweep|sweeps/,
  },
];

/** Worlds that forbid what guard, keepers and checkpoints of the tour do. */
export const SYNC_WORLDS: readonly World[] = [...PAUSES, ...HALTS, ...KEEPERS];
