import { VerifiedReader, type ReaderOptions } from "../chain/read/VerifiedReader.ts";
import type { TokenSlot } from "../domain/TokenSlot.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { examineTokenSlots, type TokenSlotQuestion } from "./tokenSlots.ts";

/** What a keeper that starts holds declared slots against. */
export type StartQuestion = Omit<TokenSlotQuestion, "reader"> & Omit<ReaderOptions, "deadlineMs">;

/** The declared slots, with what was seen of them, and in words what could not be. */
export interface ConfirmedTokenSlots {
  readonly tokenSlots: readonly TokenSlot[];
  readonly doubts: readonly string[];
}

/**
 * Holds each declared slot against what the token itself says, before a keeper starts. Where one operator alone must not be believed
 * nothing is seen: then the first word that covers what is owed confirms a slot.
 *
 * @throws KeeperError `TokenSlotWrong` for a slot whose proven word is not the balance
 */
export async function confirmTokenSlots(
  tokens: readonly TokenSlot[],
  { vault, sources, deadlineMs, signal, ...options }: StartQuestion,
): Promise<ConfirmedTokenSlots> {
  const isAlone = new Set(sources.map(({ operator }) => operator)).size < 2 && options.allowUnwitnessed !== true;
  if (tokens.length === 0 || isAlone) return { tokenSlots: tokens, doubts: [] };
  const reader = new VerifiedReader({ ...options, sources, deadlineMs });
  try {
    const sights = await examineTokenSlots(tokens, { vault, reader, sources, deadlineMs, signal });
    const wrong = sights.find(({ kind }) => kind === "wrong");
    if (wrong !== undefined) {
      const { token, slot } = wrong.token;
      throw new KeeperError("TokenSlotWrong", `${wrong.detail}: is it the right slot?`, { token, slot });
    }
    return {
      tokenSlots: sights.map(({ token, kind }) => (kind === "confirmed" ? { ...token, isConfirmed: true } : token)),
      doubts: sights.flatMap(({ kind, detail }) => (kind === "confirmed" ? [] : [detail])),
    };
  } finally {
    await reader.close();
  }
}
