import type { Signer } from "../actions/signers/Signer.ts";
import { KEEPER_STATUS } from "../books/reducers/keepers/members.ts";
import type { KeyRole } from "../config/KeyConfig.ts";
import type { Address } from "../lib/hex.ts";
import { checkBalance, type PauseCost } from "../probes/keys.ts";
import { fail, ok, type ProbeOutcome, type ProbeResult } from "../probes/Probe.ts";
import type { ProvenFacts } from "../probes/ProvenFacts.ts";
import { checkSigners } from "../probes/signers.ts";
import type { RotationFacts } from "./planRotation.ts";
import { keeperOfKey } from "./readRotation.ts";

/** What a new key is checked with. */
export interface CheckRotationParts {
  readonly facts: RotationFacts;
  readonly holder: Signer;
  /** Of the keeper as it is. */
  readonly own: Readonly<Partial<Record<KeyRole, Address>>>;
  readonly reader: ProvenFacts;
  readonly cost: PauseCost;
  readonly warnings: readonly string[];
  readonly isLocal: boolean;
}

/** Whether the new key can be used: it signs, nobody has it, and it has money where it needs some. */
export async function checkRotation(parts: CheckRotationParts): Promise<ProbeResult[]> {
  const { facts, holder, own, reader, cost, warnings, isLocal } = parts;
  const { role, next } = facts;
  const signs = await checkSigners({ holders: { [role]: holder }, warnings, isLocal });
  const results: ProbeResult[] = [
    { name: "signs", ...signs },
    { name: "is-new", ...checkNew(parts) },
  ];
  if (next === null) {
    return [...results, { name: "funds", ...(await checkBalance(reader, holder.address, cost)) }];
  }
  const registry = facts.addresses.KeeperRegistry;
  for (const [name, key] of [
    ["attester", next.attester],
    ["pauser", next.pauser],
  ] as const) {
    const keeper = await keeperOfKey(reader, registry, key);
    results.push({ name, ...checkKey(key, keeper, next) });
  }
  const { status, pauser } = next.keeper;
  const isOver = status > KEEPER_STATUS.active;
  const isOther = status !== KEEPER_STATUS.none && pauser !== next.pauser;
  if (isOver)
    results.push({
      name: "status",
      ...fail(`${next.attester} has left the registry`, "no key comes back: make new ones"),
    });
  if (isOther)
    results.push({
      name: "status",
      ...fail(`${next.attester} was approved with the pause key ${pauser}`, "name that one"),
    });
  results.push({ name: "funds", ...(await checkBalance(reader, next.pauser, cost)) });
  if (facts.old.keeper.status === KEEPER_STATUS.none) {
    const who = own.attest ?? facts.old.attester;
    results.push({
      name: "keeper",
      ...fail(`${who} is no keeper`, "give the settings of the keeper whose key is rotated"),
    });
  }
  return results;
}

function checkNew({ facts, holder, own }: CheckRotationParts): ProbeOutcome {
  const keys = facts.next === null ? [holder.address] : [facts.next.attester, facts.next.pauser];
  const shared = Object.entries(own).find(([, address]) => keys.includes(address));
  if (shared !== undefined) return fail(`${shared[1]} is this keeper's ${shared[0]} key already`, "make a new key");
  if (new Set(keys).size < keys.length)
    return fail("one key attests and pauses", "the registry takes none twice: make two");
  return ok(`${keys.join(" and ")}: none of this keeper's keys`);
}

function checkKey(key: Address, keeper: Address | null, next: NonNullable<RotationFacts["next"]>): ProbeOutcome {
  if (keeper === null) return ok(`${key} is in nobody's use`);
  if (keeper === next.attester) return ok(`${key} is registered for the new keeper`);
  return fail(`${key} belongs to keeper ${keeper}`, "the registry takes no key twice, for ever: make a new one");
}
