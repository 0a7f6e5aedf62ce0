import type { Source } from "../chain/sources/Source.ts";
import { storage as registry } from "../books/generated/KeeperRegistry.ts";
import { KEEPER_STATUS } from "../books/reducers/keepers/members.ts";
import { HexError, parseSafeQuantity, type Address } from "../lib/hex.ts";
import { fail, ok, warn, type ProbeOutcome } from "./Probe.ts";
import type { ProvenFacts } from "./ProvenFacts.ts";

/** The keys of a keeper by what they do. */
export type KeyRole = "pause" | "attest" | "post";

/** Where keys are looked up. */
export interface Registry {
  readonly reader: Pick<ProvenFacts, "storage">;
  /** KeeperRegistry. */
  readonly address: Address;
}

const NOBODY: Address = `0x${"00".repeat(20)}`;

/** Whether a pause key pauses for an active keeper, by the proven storage of the registry. */
export async function checkPauseKey({ reader, address }: Registry, key: Address): Promise<ProbeOutcome> {
  const { attester, isPausing } = registry.keys.decode(await reader.storage(address, registry.keys.slot(key)));
  if (!isPausing || attester === NOBODY) {
    return fail(`${key} is no keeper's pause key`, "its pauses are refused: let governance approve it (`approve`)");
  }
  return describeKeeper(`${key} pauses for keeper ${attester}`, await readStatus({ reader, address }, attester));
}

/** Whether an attest key is a member of the keeper set, by the proven storage of the registry. */
export async function checkAttestKey(where: Registry, key: Address, pause: Address | null): Promise<ProbeOutcome> {
  const outcome = describeKeeper(`${key} attests`, await readStatus(where, key));
  if (outcome.status !== "ok" || pause === null) return outcome;
  const { reader, address } = where;
  const { attester } = registry.keys.decode(await reader.storage(address, registry.keys.slot(pause)));
  if (attester === key || attester === NOBODY) return outcome;
  return warn(`${outcome.detail}, but the pause key is keeper ${attester}'s`, "the two keys belong to two keepers");
}

async function readStatus({ reader, address }: Registry, attester: Address): Promise<bigint> {
  return registry.keepers.decode(await reader.storage(address, registry.keepers.slot(attester))).status;
}

function describeKeeper(who: string, status: bigint): ProbeOutcome {
  const word = Object.entries(KEEPER_STATUS).find(([, value]) => value === status)?.[0] ?? `${status}`;
  const detail = `${who} (${word})`;
  if (status === KEEPER_STATUS.active) return ok(detail);
  if (status === KEEPER_STATUS.bonded) return warn(detail, "it counts once somebody activates it after the join delay");
  if (status === KEEPER_STATUS.approved) return fail(detail, "it has no bond yet: somebody has to pay it (`bond`)");
  return fail(detail, "it is no member of the keeper set: what it does is refused");
}

/** What a pause costs. */
export interface PauseCost {
  /** Gas limit of a pause. */
  readonly gas: bigint;
  /** Most that is paid for a unit of gas, wei. */
  readonly feeCap: bigint;
  /** What the first attempt offers for a unit of gas at a base fee, wei. */
  readonly feeNow: (baseFeePerGas: bigint) => bigint;
}

const WANTED_PAUSES = 3n;

/** Whether a key has the means for a few pauses at the fee cap. */
export async function checkBalance(
  reader: Pick<ProvenFacts, "head" | "balance">,
  key: Address,
  cost: PauseCost,
): Promise<ProbeOutcome> {
  const [balance, { header }] = await Promise.all([reader.balance(key), reader.head()]);
  const perPause = cost.gas * cost.feeCap;
  const pauses = balance / perPause;
  const detail = `${ether(balance)} ETH: ${pauses} pause${pauses === 1n ? "" : "s"} at the fee cap`;
  const wanted = `${WANTED_PAUSES} at the cap are ${ether(WANTED_PAUSES * perPause)} ETH (--max-fee-per-gas-gwei lowers it)`;
  if (balance < cost.gas * cost.feeNow(header.baseFeePerGas ?? 0n)) {
    return fail(detail, `not one pause can be paid at the present base fee: fund it; ${wanted}`);
  }
  return pauses >= WANTED_PAUSES ? ok(detail) : warn(detail, `when gas is dear the pause is not included; ${wanted}`);
}

function ether(wei: bigint): string {
  const [whole, rest] = [wei / 10n ** 18n, wei % 10n ** 18n];
  return `${whole}.${rest.toString().padStart(18, "0").slice(0, 4)}`;
}

/** Whether transactions of a key wait to be included, which a pause would have to wait for or replace. */
export async function checkPending(
  reader: Pick<ProvenFacts, "nonce">,
  key: Address,
  sources: readonly Source[],
  bounds: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<ProbeOutcome> {
  const proven = Number(await reader.nonce(key));
  const call = { method: "eth_getTransactionCount", params: [key, "pending"] };
  const items = await Promise.all(sources.map((source) => source.batch([call], bounds)));
  const counts = items.flatMap(([item]) => (item?.ok === true ? readCount(item.result) : []));
  if (counts.length === 0) return warn(`nonce ${proven}`, "no source tells what is pending");
  const pending = Math.max(...counts) - proven;
  if (pending <= 0) return ok(`nonce ${proven}, nothing pending`);
  return warn(
    `nonce ${proven}, ${pending} transaction${pending === 1 ? "" : "s"} pending`,
    "the key belongs to the keeper alone: a pause takes the next nonce and replaces what waits there",
  );
}

function readCount(value: unknown): number[] {
  try {
    return [parseSafeQuantity(value, "nonce")];
  } catch (error: unknown) {
    if (error instanceof HexError) return [];
    throw error;
  }
}
