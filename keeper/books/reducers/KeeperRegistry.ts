import type { Address } from "../../lib/hex.ts";
import { decodeEvent, storage, type KeeperRegistryEvent } from "../generated/KeeperRegistry.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_keepers",
  "_attesters",
  "_registry",
  "_setId",
  "_count",
] as const;

/** Every change of the members starts a new set id. */
function changeSet(event: { setId: bigint; count: bigint }, countDelta: bigint, context: ReducerContext): void {
  const word = storage.word3.decode(context.read(storage.word3.slot));
  const setId = word.setId + 1n;
  const count = word.count + countDelta;
  context.expect("setId", event.setId, setId);
  context.expect("count", event.count, count);
  context.write(storage.word3.slot, storage.word3.encode({ ...word, setId, count }));
}

function keeperAt(attester: Address, context: ReducerContext) {
  const slot = storage.keepers.slot(attester);
  return { slot, keeper: storage.keepers.decode(context.read(slot)) };
}

/** Keeps the keepers by attester, the attesters by pauser, and the id and size of the current set. */
export const keeperRegistry: Reducer<KeeperRegistryEvent> = {
  book: "KeeperRegistry",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "KeeperRegistryBound": {
        const word = storage.word3.decode(context.read(storage.word3.slot));
        context.write(storage.word3.slot, storage.word3.encode({ ...word, registry: event.registry }));
        return;
      }
      case "KeeperAdded": {
        const { pauser, attester } = event;
        context.write(
          storage.keepers.slot(attester),
          storage.keepers.encode({ pauser, isActive: true, isJailed: false }),
        );
        for (const key of [attester, pauser]) {
          context.write(storage.attesters.slot(key), storage.attesters.encode(attester));
        }
        changeSet(event, 1n, context);
        return;
      }
      case "KeeperRemoved": {
        const { slot, keeper } = keeperAt(event.attester, context);
        context.write(slot, storage.keepers.encode({ ...keeper, isActive: false }));
        changeSet(event, -1n, context);
        return;
      }
      case "KeeperJailed": {
        const { slot, keeper } = keeperAt(event.attester, context);
        context.write(slot, storage.keepers.encode({ ...keeper, isActive: false, isJailed: true }));
        changeSet(event, keeper.isActive ? -1n : 0n, context);
        return;
      }
    }
  },
};
