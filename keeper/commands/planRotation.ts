import { selectorOf, word } from "../actions/plan/abi.ts";
import { KEEPER_STATUS } from "../books/reducers/keepers/members.ts";
import type { KeyRole } from "../config/KeyConfig.ts";
import type { Address, Hex } from "../lib/hex.ts";
import { describeTime } from "./describeTime.ts";

/** What the registry has of one keeper. */
export interface Registered {
  readonly pauser: Address;
  readonly status: bigint;
  /** When that became its status, seconds. */
  readonly since: number;
  /** Gets the bond back, and may leave. */
  readonly owner: Address;
}

/** What a rotation is planned from, at one block. */
export interface RotationFacts {
  readonly role: KeyRole;
  /** Of the block, seconds. */
  readonly timestamp: number;
  readonly addresses: Readonly<Record<"KeeperRegistry" | "AccessManager", Address>>;
  readonly bondToken: Address;
  readonly terms: {
    readonly bond: bigint;
    readonly joinDelay: number;
    readonly unbonding: number;
    readonly minKeepers: number;
  };
  /** Active keepers, and with the seats of those who were slashed. */
  readonly active: number;
  readonly size: number;
  readonly old: { readonly attester: Address; readonly keeper: Registered };
  /** Null for the role `post`, of which the registry knows nothing. */
  readonly next: { readonly attester: Address; readonly pauser: Address; readonly keeper: Registered } | null;
  /** Who gets the new bond back. */
  readonly owner: Address;
  /** Bond tokens of the owner, and what the registry may take of them. */
  readonly ownerBalance: bigint;
  readonly allowance: bigint;
}

/** One step of a rotation. */
export interface RotationStep {
  readonly name: "approve" | "allow" | "bond" | "activate" | "start" | "leave" | "withdraw" | "swap" | "drain";
  readonly state: "done" | "now" | "later";
  readonly who: string;
  readonly what: string;
  /** What is to be sent; null where people do something else. */
  readonly transaction: { readonly to: Address; readonly data: Hex } | null;
  /** The same through AccessManager, where the role has a delay. */
  readonly scheduled?: { readonly to: Address; readonly schedule: Hex; readonly execute: Hex };
}

const { none, approved, bonded, active, unbonding, withdrawn } = KEEPER_STATUS;

/** Calldata of a function. */
function encode(signature: string, ...words: readonly (bigint | Hex)[]): Hex {
  return `${selectorOf(signature)}${words.map(word).join("")}` as Hex;
}

/** What is left to do, in the order that leaves no gap; what is done is listed as done, so that the same command may be run again. */
export function planRotation(facts: RotationFacts): RotationStep[] {
  return facts.next === null ? planPostKey() : planKeeper(facts, facts.next);
}

/** The posting key is in no contract: whoever has money may post. */
function planPostKey(): RotationStep[] {
  const self = { state: "now", who: "you", transaction: null } as const;
  return [
    {
      ...self,
      name: "swap",
      what: "set the new posting key in place of the old one and restart the keeper, standby replicas first; other keepers post meanwhile",
    },
    {
      ...self,
      name: "drain",
      what: "when lockstep status says ready and nothing of the old key is pending, move what is left on it",
    },
  ];
}

function planKeeper(facts: RotationFacts, next: NonNullable<RotationFacts["next"]>): RotationStep[] {
  const { addresses, timestamp, terms, size } = facts;
  const { status, since } = next.keeper;
  const registry = addresses.KeeperRegistry;
  const stateOf = (isDone: boolean, isDue: boolean): RotationStep["state"] =>
    isDone ? "done" : isDue ? "now" : "later";
  const isBonded = status !== none && status !== approved;
  // A protocol without enough seats lets its founders in at once.
  const activeFrom = since + (size < terms.minKeepers ? 0 : terms.joinDelay);
  const activation =
    status === bonded ? ` (possible from ${instant(activeFrom)})` : ` (${terms.joinDelay} s after the bond)`;
  const approve = encode("approve(address,address,address)", next.attester, next.pauser, facts.owner);
  const isJoined = status === active;
  return [
    {
      ...{ name: "approve", state: stateOf(status !== none, true), who: "governance (role KEEPERS)" },
      what: `lets the new keeper in: attester ${next.attester}, pauser ${next.pauser}, bond owner ${facts.owner}`,
      transaction: { to: registry, data: approve },
      scheduled: {
        to: addresses.AccessManager,
        schedule: encodeWithBytes("schedule(address,bytes,uint48)", [registry, approve, 0n]),
        execute: encodeWithBytes("execute(address,bytes)", [registry, approve]),
      },
    },
    {
      ...{ name: "allow", state: stateOf(isBonded || facts.allowance >= terms.bond, status === approved) },
      ...{ who: "the owner", what: `lets the registry take the bond of ${terms.bond} units of ${facts.bondToken}` },
      transaction: { to: facts.bondToken, data: encode("approve(address,uint256)", registry, terms.bond) },
    },
    {
      ...{ name: "bond", state: stateOf(isBonded, status === approved && facts.allowance >= terms.bond) },
      ...{ who: "the owner, or anybody who pays", what: `pays the bond; the owner has ${facts.ownerBalance} units` },
      transaction: { to: registry, data: encode("bond(address)", next.attester) },
    },
    {
      ...{ name: "activate", state: stateOf(isJoined, status === bonded && timestamp >= activeFrom), who: "anybody" },
      what: `makes the new keeper a member${isJoined ? "" : activation}`,
      transaction: { to: registry, data: encode("activate(address)", next.attester) },
    },
    {
      ...{ name: "start", state: stateOf(facts.old.keeper.status !== active, isJoined), who: "you", transaction: null },
      what: "start the new keeper with both new keys and a data directory of its own, beside the old one, name it to all peers, and go on when its lockstep status says ready",
    },
    ...planLeaving(facts, isJoined, stateOf),
  ];
}

function planLeaving(
  { addresses, timestamp, terms, old, active: count, size }: RotationFacts,
  isJoined: boolean,
  stateOf: (isDone: boolean, isDue: boolean) => RotationStep["state"],
): RotationStep[] {
  const registry = addresses.KeeperRegistry;
  const { status, since } = old.keeper;
  const required = Math.max(terms.minKeepers, Math.floor((2 * (size - 1)) / 3) + 1);
  const isEnough = count - 1 >= required;
  const few =
    isJoined && !isEnough ? `; refused while ${count - 1} of ${required} needed would be left, unless halted` : "";
  const freeFrom = since + terms.unbonding;
  const when = status === unbonding ? `possible from ${instant(freeFrom)}` : `${terms.unbonding} s after leaving`;
  return [
    {
      ...{ name: "leave", state: stateOf(status !== active, isJoined && isEnough), who: "the owner of the old bond" },
      what: `takes the old keeper ${old.attester} out of the set${few}; then stop it`,
      transaction: { to: registry, data: encode("requestExit(address)", old.attester) },
    },
    {
      ...{
        name: "withdraw",
        state: stateOf(status === withdrawn, status === unbonding && timestamp >= freeFrom),
        who: "anybody",
      },
      what: `pays the old bond to ${old.keeper.owner} (${when}); until then what the old keys sign convicts: destroy them once it has left`,
      transaction: { to: registry, data: encode("withdrawBond(address)", old.attester) },
    },
  ];
}

/** Calldata of a function whose second argument is `bytes`. */
function encodeWithBytes(signature: string, [target, data, ...more]: readonly [Address, Hex, ...bigint[]]): Hex {
  const digits = data.slice(2);
  const head = [word(target), word(BigInt(32 * (2 + more.length))), ...more.map((value) => word(value))].join("");
  const tail = digits.padEnd(Math.ceil(digits.length / 64) * 64, "0");
  return `${selectorOf(signature)}${head}${word(BigInt(digits.length / 2))}${tail}` as Hex;
}

function instant(seconds: number): string {
  return describeTime(seconds * 1_000);
}
