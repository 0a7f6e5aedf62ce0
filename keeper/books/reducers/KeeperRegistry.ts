import { keeperSetHash } from "../../domain/keeperSet.ts";
import type { Address, Hash, Hex } from "../../lib/hex.ts";
import {
  decodeEvent,
  storage,
  type KeeperActivatedEvent,
  type KeeperApprovedEvent,
  type KeeperBondedEvent,
  type KeeperRegistryEvent,
  type KeeperSetChangedEvent,
  type KeeperSlashedEvent,
  type KeeperUnbondingEvent,
  type PauseUsedEvent,
  type StateWord,
} from "../generated/KeeperRegistry.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";
import { changeWord } from "./changeWord.ts";
import {
  addMember,
  compactMembers,
  KEEPER_STATUS,
  readKeeper,
  readKeeperSet,
  readState,
  type Read,
} from "./keepers/members.ts";
import { CAUSE_CLASS, pauseEnd, readBudget } from "./keepers/pauseBudget.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_keepers",
  "_stakes",
  "_keys",
  "_rewards",
  "_members",
  "_burnable",
  "_state",
  "_guard",
  "_commitment",
] as const;

function writeState(change: Partial<StateWord>, context: ReducerContext): void {
  changeWord(storage.state, storage.state.slot, change, context);
}

/** Moves a keeper to a status, from now on. */
function setStatus(attester: Address, status: bigint, context: ReducerContext): void {
  const { keepers } = storage;
  changeWord(keepers, keepers.slot(attester), { status, since: context.timestamp }, context);
}

function setPausing(attester: Address, isPausing: boolean, context: ReducerContext): void {
  const { keys } = storage;
  const slot = keys.slot(readKeeper(attester, (word) => context.read(word)).pauser);
  changeWord(keys, slot, { isPausing }, context);
}

function setStake(attester: Address, amount: bigint, context: ReducerContext): void {
  changeWord(storage.stakes, storage.stakes.slot(attester), { amount }, context);
}

function applyBinding(event: { registry: Address; guard: Address }, context: ReducerContext): void {
  writeState({ registry: event.registry }, context);
  changeWord(storage.guard, storage.guard.slot, event.guard, context);
}

function applyApproval({ attester, pauser, owner }: KeeperApprovedEvent, context: ReducerContext): void {
  const { keepers, stakes, keys } = storage;
  const approved = { pauser, status: KEEPER_STATUS.approved, since: context.timestamp };
  changeWord(keepers, keepers.slot(attester), approved, context);
  changeWord(stakes, stakes.slot(attester), { owner, amount: 0n }, context);
  const key = { attester, isPausing: false, booksUntil: 0n, viewUntil: 0n, generation: 0n };
  for (const address of [attester, pauser]) changeWord(keys, keys.slot(address), key, context);
}

function applyBond({ attester, amount, activeFrom }: KeeperBondedEvent, context: ReducerContext): void {
  const { bond, minKeepers, joinDelay } = context.immutables;
  const isEnough = readState((slot) => context.read(slot)).size >= minKeepers;
  context.expect("amount", amount, bond);
  context.expect("activeFrom", activeFrom, isEnough ? context.timestamp + joinDelay : context.timestamp);
  setStatus(attester, KEEPER_STATUS.bonded, context);
  setStake(attester, bond, context);
}

/** A vacant seat is taken, or there is one more. */
function applyActivation({ attester }: KeeperActivatedEvent, context: ReducerContext): void {
  addMember(attester, context);
  const { size, active } = readState((slot) => context.read(slot));
  writeState({ size: size > active ? size : size + 1n, active: active + 1n }, context);
  setStatus(attester, KEEPER_STATUS.active, context);
  setPausing(attester, true, context);
}

/** A member leaves with its seat; the new set that follows does without it. */
function applyUnbonding({ attester, releaseAt }: KeeperUnbondingEvent, context: ReducerContext): void {
  context.expect("releaseAt", releaseAt, context.timestamp + context.immutables.unbonding);
  const { status } = readKeeper(attester, (slot) => context.read(slot));
  if (status === KEEPER_STATUS.active) {
    writeState({ size: readState((slot) => context.read(slot)).size - 1n }, context);
    setPausing(attester, false, context);
  }
  setStatus(attester, KEEPER_STATUS.unbonding, context);
}

/** A member that is slashed leaves its seat vacant: the quorum does not shrink. */
function applySlash(event: KeeperSlashedEvent, context: ReducerContext): void {
  const { attester, challenger } = event;
  const { rewards, burnable, stakes } = storage;
  const { status } = readKeeper(attester, (slot) => context.read(slot));
  const { amount } = stakes.decode(context.read(stakes.slot(attester)));
  const reward = (amount * context.immutables.challengerPpm) / 1_000_000n;
  context.expect("reward", event.reward, reward);
  context.expect("burned", event.burned, amount - reward);
  const slot = rewards.slot(challenger);
  const due = rewards.decode(context.read(slot));
  changeWord(rewards, slot, { earned: due.earned + reward }, context);
  const burnt = burnable.decode(context.read(burnable.slot));
  changeWord(burnable, burnable.slot, { earned: burnt.earned + amount - reward }, context);
  setStake(attester, 0n, context);
  if (status === KEEPER_STATUS.active) setPausing(attester, false, context);
  setStatus(attester, KEEPER_STATUS.slashed, context);
}

/** Every change of members or seats, which the events before it tell, starts a new set. */
function applySet(event: KeeperSetChangedEvent, context: ReducerContext): void {
  const read: Read = (slot) => context.read(slot);
  writeState({ setId: readState(read).setId + 1n, active: compactMembers(context) }, context);
  const set = readKeeperSet(read, context.immutables.minKeepers);
  const { size, active } = readState(read);
  const commitment = keeperSetHash(set);
  context.expect("setId", event.setId, set.id);
  context.expect("size", event.size, size);
  context.expect("quorum", event.quorum, set.quorum);
  context.expect("members", joined(event.members), joined(set.members));
  context.expect("commitment", event.commitment, commitment);
  context.write(storage.commitment.slot, storage.commitment.encode(commitment));
  context.memory.brokenSet = active < set.quorum ? set.id : null;
}

function joined(addresses: readonly Address[]): Hex {
  return `0x${addresses.map((address) => address.slice(2)).join("")}`;
}

/** The key has used up a pause of this class, in the incident that stands or comes about with it. */
function applyPause(event: PauseUsedEvent, context: ReducerContext): void {
  const budget = readBudget(event.attester, context);
  const { generation } = budget;
  const softUntil = pauseEnd(event.class, budget, context);
  context.expect("generation", event.generation, generation);
  context.expect("softUntil", event.softUntil, softUntil);
  const used = event.class === CAUSE_CLASS.view ? { viewUntil: softUntil } : { booksUntil: softUntil };
  changeWord(storage.keys, storage.keys.slot(budget.pauser), { ...budget.key, ...used, generation }, context);
}

function applyPayment(
  slot: Hash,
  event: { readonly amount: bigint },
  word: typeof storage.burnable | typeof storage.rewards,
  context: ReducerContext,
): void {
  const { earned, paid } = word.decode(context.read(slot));
  context.expect("amount", event.amount, earned - paid);
  changeWord(word, slot, { paid: earned }, context);
}

/** Keeps the keepers with their stakes and keys, the members in order, and what convictions owe. */
export const keeperRegistry: Reducer<KeeperRegistryEvent> = {
  book: "KeeperRegistry",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "KeeperRegistryBound":
        applyBinding(event, context);
        return;
      case "KeeperApproved":
        applyApproval(event, context);
        return;
      case "KeeperBonded":
        applyBond(event, context);
        return;
      case "KeeperActivated":
        applyActivation(event, context);
        return;
      case "KeeperUnbonding":
        applyUnbonding(event, context);
        return;
      case "BondWithdrawn": {
        const { owner, amount } = storage.stakes.decode(context.read(storage.stakes.slot(event.attester)));
        context.expect("owner", event.owner, owner);
        context.expect("amount", event.amount, amount);
        setStake(event.attester, 0n, context);
        setStatus(event.attester, KEEPER_STATUS.withdrawn, context);
        return;
      }
      case "KeeperSlashed":
        applySlash(event, context);
        return;
      case "SeatClosed": {
        const size = readState((slot) => context.read(slot)).size - 1n;
        context.expect("size", event.size, size);
        writeState({ size }, context);
        return;
      }
      case "KeeperSetChanged":
        applySet(event, context);
        return;
      case "PauseUsed":
        applyPause(event, context);
        return;
      case "RewardClaimed":
        applyPayment(storage.rewards.slot(event.challenger), event, storage.rewards, context);
        return;
      case "BondsBurned":
        applyPayment(storage.burnable.slot, event, storage.burnable, context);
        return;
    }
  },
};
