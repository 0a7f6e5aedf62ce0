import { selectorOf, word } from "../actions/plan/abi.ts";
import { storage as registry } from "../books/generated/KeeperRegistry.ts";
import { Votes } from "../chain/agree/Votes.ts";
import type { Source } from "../chain/sources/Source.ts";
import type { Deployment } from "../config/deployment.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Address, Hex } from "../lib/hex.ts";
import type { ProvenFacts } from "../probes/ProvenFacts.ts";
import { readContracts } from "../readContracts.ts";
import type { Registered, RotationFacts } from "./planRotation.ts";

const WORD = /^0x[0-9a-f]{64}$/;

/** What a rotation is about, and what it is read with. */
export interface RotationParts {
  readonly role: RotationFacts["role"];
  readonly deployment: Deployment;
  readonly sources: readonly Source[];
  readonly reader: ProvenFacts;
  readonly deadlineMs: number;
  /** The attest key of the keeper as it is. */
  readonly attester: Address;
  readonly next: { readonly attester: Address; readonly pauser: Address } | null;
  /** Who is to own the new bond; null for the owner of the old one. */
  readonly owner: Address | null;
}

/**
 * What the chain has: of the registry proven, of the bond's token by the word of k operators.
 *
 * @throws KeeperError `NoAgreement`, and those of the reader and of `readContracts`
 */
export async function readRotation(parts: RotationParts): Promise<RotationFacts> {
  const { role, deployment, sources, reader, deadlineMs, attester, next } = parts;
  const { KeeperRegistry, AccessManager } = deployment.contracts;
  const { immutables } = await readContracts(sources, deployment, deadlineMs);
  const { header } = await reader.head();
  const state = registry.state.decode(await reader.storage(KeeperRegistry, registry.state.slot));
  const old = await readKeeper(reader, KeeperRegistry, attester);
  const owner = parts.owner ?? old.owner;
  const ask = (to: Address, data: Hex): Promise<bigint> => askAll(sources, to, data, deadlineMs);
  const token = await ask(KeeperRegistry, selectorOf("BOND_TOKEN()"));
  const bondToken: Address = `0x${token.toString(16).padStart(40, "0")}`;
  const [ownerBalance, allowance] = await Promise.all([
    ask(bondToken, `${selectorOf("balanceOf(address)")}${word(owner)}`),
    ask(bondToken, `${selectorOf("allowance(address,address)")}${word(owner)}${word(KeeperRegistry)}`),
  ]);
  const { bond, joinDelay, unbonding, minKeepers } = immutables;
  return {
    ...{ role, timestamp: header.timestamp, addresses: { KeeperRegistry, AccessManager }, bondToken, owner },
    ...{ ownerBalance, allowance, active: Number(state.active), size: Number(state.size) },
    terms: { bond, joinDelay: Number(joinDelay), unbonding: Number(unbonding), minKeepers: Number(minKeepers) },
    old: { attester, keeper: old },
    next: next === null ? null : { ...next, keeper: await readKeeper(reader, KeeperRegistry, next.attester) },
  };
}

/** The keeper that a key belongs to by the registry, proven; null for a key that it never had. */
export async function keeperOfKey(reader: ProvenFacts, at: Address, key: Address): Promise<Address | null> {
  const { attester } = registry.keys.decode(await reader.storage(at, registry.keys.slot(key)));
  return BigInt(attester) === 0n ? null : attester;
}

async function readKeeper(reader: ProvenFacts, at: Address, attester: Address): Promise<Registered> {
  const { pauser, status, since } = registry.keepers.decode(await reader.storage(at, registry.keepers.slot(attester)));
  const { owner } = registry.stakes.decode(await reader.storage(at, registry.stakes.slot(attester)));
  return { pauser, status, since: Number(since), owner };
}

async function askAll(sources: readonly Source[], to: Address, data: Hex, deadlineMs: number): Promise<bigint> {
  const { quorum } = new Votes(sources);
  const said = new Map<string, Set<string>>();
  await Promise.all(
    sources.map(async (source) => {
      const value = await source.request("eth_call", [{ to, data }, "latest"], { deadlineMs }).catch(() => null);
      if (typeof value !== "string" || !WORD.test(value)) return;
      said.set(value, (said.get(value) ?? new Set()).add(source.operator));
    }),
  );
  for (const [value, operators] of said) if (operators.size >= quorum) return BigInt(value);
  const message = `fewer than ${quorum} operators say the same of ${to}: see lockstep doctor, and try again`;
  throw new KeeperError("NoAgreement", message, { to, quorum });
}
