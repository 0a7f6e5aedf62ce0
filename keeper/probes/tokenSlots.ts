import { selectorOf, word as encodeWord } from "../actions/plan/abi.ts";
import { storage as vaultStorage } from "../books/generated/CollateralVault.ts";
import { Votes } from "../chain/agree/Votes.ts";
import type { VerifiedReader } from "../chain/read/VerifiedReader.ts";
import type { Source } from "../chain/sources/Source.ts";
import type { Header } from "../chain/verify/header.ts";
import { balanceSlot, describeTokenSlot, type TokenSlot } from "../domain/TokenSlot.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Address, Hex } from "../lib/hex.ts";
import { fail, ok, skip, warn, type ProbeOutcome } from "./Probe.ts";

const BALANCE_OF = selectorOf("balanceOf(address)");
const WORD = /^0x[0-9a-f]{64}$/i;

/** What declared slots are held against. */
export interface TokenSlotQuestion {
  readonly vault: Address;
  readonly reader: Pick<VerifiedReader, "head" | "storage">;
  readonly sources: readonly Source[];
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/**
 * What a declared slot was seen to be.
 *
 * - `confirmed`: its proven word is what k operators say that the token answers, and could not be that by being empty.
 * - `empty`: both say nothing, and nothing is owed: any unused slot would.
 * - `wrong`: its proven word is not what k operators say.
 * - `unknown`: it could not be proven, or no k operators answer the same.
 */
export interface TokenSlotSight {
  readonly token: TokenSlot;
  readonly kind: "confirmed" | "empty" | "wrong" | "unknown";
  readonly detail: string;
}

/** The call that asks a token what an account holds. */
export function balanceCall(token: Address, holder: Address): { readonly to: Address; readonly data: Hex } {
  return { to: token, data: `${BALANCE_OF}${encodeWord(holder)}` };
}

/** Compares the proven word of each declared slot with what k operators say that the token answers at the same block. */
export async function examineTokenSlots(
  tokens: readonly TokenSlot[],
  question: TokenSlotQuestion,
): Promise<TokenSlotSight[]> {
  return Promise.all(tokens.map((token) => examine(token, question)));
}

/** What doctor says of the declared slots. */
export async function checkTokenSlots(
  tokens: readonly TokenSlot[],
  question: TokenSlotQuestion,
): Promise<ProbeOutcome> {
  if (tokens.length === 0)
    return skip("no token's balance slot is declared (--token-slots): custody is only asked for");
  const sights = await examineTokenSlots(tokens, question);
  const told = (kind: TokenSlotSight["kind"]): string =>
    sights.flatMap((sight) => (sight.kind === kind ? [sight.detail] : [])).join("; ");
  const isSeen = (kind: TokenSlotSight["kind"]): boolean => sights.some((sight) => sight.kind === kind);
  if (isSeen("wrong")) {
    return fail(
      told("wrong"),
      "declare the mapping's own slot, or leave the token out if its balance is no plain word",
    );
  }
  if (isSeen("unknown"))
    return warn(told("unknown"), "until the word covers what is owed once, nothing follows from it");
  if (isSeen("empty")) return warn(told("empty"), "any unused slot would read so: look again after the first deposit");
  return ok(told("confirmed"));
}

async function examine(token: TokenSlot, question: TokenSlotQuestion): Promise<TokenSlotSight> {
  const { vault, reader } = question;
  const name = describeTokenSlot(token);
  try {
    const { header } = await reader.head();
    const word = await reader.storage(token.token, balanceSlot(token, vault), header);
    const asset = await reader.storage(vault, vaultStorage.assets.slot(token.token), header);
    const { held: owed } = vaultStorage.assets.decode(asset);
    const said = await readBalance(token.token, header, question);
    const at = `at block ${header.number}`;
    if (said === null) {
      return { token, kind: "unknown", detail: `${name}: no k operators say the same balance of the vault ${at}` };
    }
    if (said !== word) {
      const detail = `${name}: the slot proves ${word} ${at}, where balanceOf(${vault}) is ${said}`;
      return { token, kind: "wrong", detail };
    }
    const isTold = word > 0n || owed > 0n;
    return { token, kind: isTold ? "confirmed" : "empty", detail: `${name}: the vault holds ${word} ${at}` };
  } catch (error: unknown) {
    if (!KeeperError.is(error)) throw error;
    return { token, kind: "unknown", detail: `${name}: it could not be proven (${error.code})` };
  }
}

/** What k operators say that the vault holds at a block; null where no k say the same. */
async function readBalance(
  token: Address,
  { hash }: Header,
  { vault, sources, deadlineMs, signal }: TokenSlotQuestion,
): Promise<bigint | null> {
  const params = [balanceCall(token, vault), { blockHash: hash }];
  const said = await Promise.allSettled(
    sources.map(async (source) => ({
      operator: source.operator,
      balance: await source.request("eth_call", params, { deadlineMs, signal }),
    })),
  );
  const operators = new Map<bigint, Set<string>>();
  for (const answer of said) {
    if (answer.status === "rejected" || typeof answer.value.balance !== "string") continue;
    if (!WORD.test(answer.value.balance)) continue;
    const balance = BigInt(answer.value.balance);
    operators.set(balance, (operators.get(balance) ?? new Set()).add(answer.value.operator));
  }
  const { quorum } = new Votes(sources);
  return [...operators].find(([, { size }]) => size >= quorum)?.[0] ?? null;
}
