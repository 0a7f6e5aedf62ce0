import { askMany } from "../chain/read/askMany.ts";
import type { Standings } from "../chain/read/Standings.ts";
import type { RequestOptions, Source } from "../chain/sources/Source.ts";
import { verifyHeader, withoutEncoding, type Header } from "../chain/verify/header.ts";
import { VerificationError } from "../chain/verify/VerificationError.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { HexError, parseHash } from "../lib/hex.ts";
import type { Turns } from "./Turns.ts";

/** Heights from one to another, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * The headers that one source serves at heights that follow each other, the highest first; each hashes to what it says of
 * itself and has its height. Whether they are of one branch is for `linkHeaders`.
 *
 * @throws KeeperError of the source, `BlockMissing`, or a VerificationError
 */
export async function readHeaders(
  source: Source,
  { from, to }: Range,
  { standings, turns }: { readonly standings: Standings; readonly turns: Turns },
  options: RequestOptions,
): Promise<Header[]> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => to - index);
  const calls = numbers.map((number) => ({
    method: "eth_getBlockByNumber",
    params: [`0x${number.toString(16)}`, false],
  }));
  const items = await askMany(source, calls, standings, options);
  await turns.next();
  return numbers.map((number, index) => {
    const item = items[index];
    if (item?.ok !== true) throw item?.error ?? missing(source, number);
    if (item.result === null) throw missing(source, number);
    return withoutEncoding(readHeader(item.result, number));
  });
}

function readHeader(block: unknown, number: number): Header {
  let header: Header;
  try {
    const { hash } = (block ?? {}) as { readonly hash?: unknown };
    header = verifyHeader(block, parseHash(hash, "hash"));
  } catch (error: unknown) {
    if (!(error instanceof HexError)) throw error;
    throw new VerificationError("HeaderMalformed", "header field hash: no hash", { field: "hash" }, { cause: error });
  }
  if (header.number === number) return header;
  const detail = `block ${header.number} where ${number} was asked for`;
  throw new VerificationError("HeaderMalformed", detail, { field: "number", detail });
}

function missing(source: Source, number: number): KeeperError {
  const message = `source ${source.id} does not have block ${number}`;
  return new KeeperError("BlockMissing", message, { source: source.id, number });
}
