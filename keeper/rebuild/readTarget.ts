import { Finality, type FinalityClaim } from "../chain/agree/Finality.ts";
import { Votes, type ServedHead } from "../chain/agree/Votes.ts";
import { askMany } from "../chain/read/askMany.ts";
import type { Standings } from "../chain/read/Standings.ts";
import type { VerifiedReader } from "../chain/read/VerifiedReader.ts";
import type { Source } from "../chain/sources/Source.ts";
import type { FinalityPolicy } from "../domain/chainProfile.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { RebuildOptions } from "./RebuildOptions.ts";

const TAGS = ["latest", "safe", "finalized"] as const;

/** No header of a claim is looked at: k operators' claims give a height, and what is there is agreed on by itself. */
const UNKNOWN_CHAIN = { numberOf: () => undefined, isAncestor: () => false, isOutOfReach: () => false };

/**
 * Height of the newest block that k operators call final: by their tags, or, where these say nothing, by the confirmations
 * on top of it. Negative where there is none yet.
 *
 * @throws KeeperError `NoAgreement` when k operators cannot be heard
 */
export async function readFinalNumber(
  { sources, chain, requestDeadlineMs: deadlineMs }: RebuildOptions,
  { reader, standings }: { readonly reader: VerifiedReader; readonly standings: Standings },
  signal: AbortSignal,
): Promise<number> {
  const { quorum } = new Votes(sources);
  const finality = new Finality(sources, quorum, chain.finality, chain.confirmations);
  const claims = new Map<Source, FinalityClaim>();
  await Promise.all(
    sources.map(async (source) => {
      const calls = TAGS.map((tag) => ({ method: "eth_getBlockByNumber", params: [tag, false] }));
      const items = await askMany(source, calls, standings, { deadlineMs, signal });
      const [latest, safe, finalized] = items.map((item) => (item.ok ? headOf(item.result) : null));
      if (latest != null) claims.set(source, { latest, safe: safe ?? null, finalized: finalized ?? null });
    }),
  );
  for (const [{ id }, claim] of claims) finality.claim(id, claim, UNKNOWN_CHAIN);
  const policy = finality.mode?.policy ?? (chain.finality === "depth" ? "depth" : null);
  if (policy === null) {
    const message = `fewer than ${quorum} operators say what they call final`;
    throw new KeeperError("NoAgreement", message, { quorum, heard: claims.size });
  }
  if (policy === "depth") return (await reader.head()).header.number - chain.confirmations;
  return supported(claims, policy, quorum);
}

/** The highest number that so many operators have reached with their tag. */
function supported(claims: ReadonlyMap<Source, FinalityClaim>, policy: FinalityPolicy, quorum: number): number {
  const highest = new Map<string, number>();
  for (const [{ operator }, { safe, finalized }] of claims) {
    const tag = policy === "safe" ? (safe ?? finalized) : finalized;
    if (tag !== null) highest.set(operator, Math.max(tag.number, highest.get(operator) ?? 0));
  }
  const numbers = [...highest.values()].sort((one, other) => other - one);
  return numbers[quorum - 1] ?? -1;
}

/** A claim; null for what is none. */
function headOf(block: unknown): ServedHead | null {
  const { number, hash } = (block ?? {}) as { readonly number?: unknown; readonly hash?: unknown };
  if (typeof number !== "string" || !/^0x[0-9a-f]{1,13}$/.test(number)) return null;
  if (typeof hash !== "string" || !/^0x[0-9a-f]{64}$/.test(hash)) return null;
  return { number: Number(number), hash: hash as `0x${string}` };
}
