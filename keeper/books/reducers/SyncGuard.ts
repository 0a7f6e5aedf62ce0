import type { Hash } from "../../lib/hex.ts";
import { storage as registry } from "../generated/CheckpointRegistry.ts";
import { storage as ledger } from "../generated/PositionLedger.ts";
import {
  decodeEvent,
  storage,
  type HardPausedEvent,
  type SoftPausedEvent,
  type SyncGuardEvent,
} from "../generated/SyncGuard.ts";
import { FLAG } from "../legality/flags.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { newestBefore } from "./CheckpointRegistry.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = ["_registry", "_liftedAt", "_incident", "_pausedBlocks", "_uses"] as const;

function applySoftPause(event: SoftPausedEvent, context: ReducerContext): void {
  const before = storage.incident.decode(context.read(storage.incident.slot));
  const { flags } = ledger.hot.decode(context.readOf("PositionLedger", ledger.hot.slot));
  const isFirst = (flags & FLAG.increaseRisk) === 0n;
  const incident = {
    softUntil: context.timestamp + context.immutables.softTime,
    softBlock: event.blockNumber > before.softBlock ? event.blockNumber : before.softBlock,
    witnessNumber: isFirst
      ? newestBefore(event.blockNumber, (slot) => context.readOf("CheckpointRegistry", slot))
      : before.witnessNumber,
    generation: before.generation,
  };
  context.expect("softUntil", event.softUntil, incident.softUntil);
  context.expect("softBlock", event.softBlock, incident.softBlock);
  context.expect("witnessNumber", event.witnessNumber, incident.witnessNumber);
  context.expect("generation", event.generation, incident.generation);
  context.write(storage.incident.slot, storage.incident.encode(incident));
  context.write(storage.pausedBlocks.slot(event.incidentId), storage.pausedBlocks.encode(event.blockNumber));
  context.write(
    storage.uses.slot(event.attester),
    storage.uses.encode({ isUsed: true, generation: before.generation }),
  );
}

/** The witness of an incident that stands is kept; if the conviction voided it, the newest valid one before it. */
function applyHardPause(event: HardPausedEvent, context: ReducerContext): void {
  const incident = storage.incident.decode(context.read(storage.incident.slot));
  const { flags } = ledger.hot.decode(context.readOf("PositionLedger", ledger.hot.slot));
  const readRegistry = (slot: Hash): bigint => context.readOf("CheckpointRegistry", slot);
  const witnessNumber =
    (flags & FLAG.increaseRisk) === 0n
      ? registry.cursor.decode(readRegistry(registry.cursor.slot)).newest
      : newestBefore(incident.witnessNumber + 1n, readRegistry);
  context.expect("witnessNumber", event.witnessNumber, witnessNumber);
  context.write(storage.incident.slot, storage.incident.encode({ ...incident, witnessNumber }));
}

/** Keeps the standing incident: its deadlines, its witness, and which attesters have used up their pause. */
export const syncGuard: Reducer<SyncGuardEvent> = {
  book: "SyncGuard",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "GuardBound": {
        const word = storage.word0.decode(context.read(storage.word0.slot));
        context.write(storage.word0.slot, storage.word0.encode({ ...word, registry: event.registry }));
        return;
      }
      case "SoftPaused":
        applySoftPause(event, context);
        return;
      case "SoftLifted": {
        const incident = storage.incident.decode(context.read(storage.incident.slot));
        const generation = incident.generation + 1n;
        context.expect("generation", event.generation, generation);
        context.expect("liftedAt", event.liftedAt, context.timestamp);
        context.write(storage.incident.slot, storage.incident.encode({ ...incident, generation }));
        const word = storage.word0.decode(context.read(storage.word0.slot));
        context.write(storage.word0.slot, storage.word0.encode({ ...word, liftedAt: context.timestamp }));
        return;
      }
      case "HardPaused":
        applyHardPause(event, context);
        return;
    }
  },
};
