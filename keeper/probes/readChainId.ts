import type { RequestOptions, Source } from "../chain/sources/Source.ts";
import { HexError, parseSafeQuantity } from "../lib/hex.ts";
import { operatorsOf } from "./SourceReport.ts";

/** The chain that most operators say they serve; null when nobody says one. For a doctor without a deployment. */
export async function readChainId(sources: readonly Source[], options: RequestOptions): Promise<number | null> {
  const answers = await Promise.all(
    sources.map(async (source) => {
      const [item] = await source.batch([{ method: "eth_chainId", params: [] }], options);
      return { source, chainId: item?.ok === true ? parseChainId(item.result) : null };
    }),
  );
  let best: { readonly chainId: number; readonly voters: number } | null = null;
  for (const { chainId } of answers) {
    if (chainId === null) continue;
    const agreeing = answers.filter((answer) => answer.chainId === chainId).map(({ source }) => source);
    const voters = operatorsOf(agreeing).length;
    if (best === null || voters > best.voters) best = { chainId, voters };
  }
  return best?.chainId ?? null;
}

function parseChainId(value: unknown): number | null {
  try {
    return parseSafeQuantity(value, "chainId");
  } catch (error: unknown) {
    if (error instanceof HexError) return null;
    throw error;
  }
}
