import { KeeperError } from "../../errors/KeeperError.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import type { RequestOptions, Source, SourceCall } from "../sources/Source.ts";
import { readProofAnswer } from "../verify/blockFacts.ts";
import { verifyHeader, type Header } from "../verify/header.ts";
import { verifyAccountProof, verifyStorageProof, type ProvenAccount } from "../verify/proof.ts";
import { VerificationError } from "../verify/VerificationError.ts";
import { askMany } from "./askMany.ts";
import type { ReadContext } from "./ReadContext.ts";

/** An account and some of its words. */
export interface ProofQuery {
  readonly address: Address;
  /** 32 bytes each. */
  readonly slots: readonly Hash[];
}

/** What a proof proved; a slot of an account that does not exist holds 0. */
export interface ProvenState {
  readonly account: ProvenAccount | null;
  /** In the order of the query's slots. */
  readonly words: readonly bigint[];
}

/** A block as `eth_getProof` is told it; the object is EIP-1898's. */
export type BlockParameter = string | { readonly blockHash: Hash };

/** The call for a proof. */
export function proofCall({ address, slots }: ProofQuery, block: BlockParameter): SourceCall {
  return { method: "eth_getProof", params: [address, slots, block] };
}

/**
 * What an `eth_getProof` answer proves under a verified header. Nothing that the answer claims beside its proofs is
 * looked at.
 *
 * @throws VerificationError
 */
export function verifyState(header: Header, { address, slots }: ProofQuery, answer: unknown): ProvenState {
  const proof = readProofAnswer(answer);
  if (proof === null) throw new VerificationError("ProofMalformed", "the answer is no account proof");
  const account = verifyAccountProof({ stateRoot: header.stateRoot, address, proof: proof.accountProof });
  if (account === null) return { account, words: slots.map(() => 0n) };
  const { storageRoot } = account;
  const words = slots.map((slot, index) => {
    // A zero leaf is bound by the root like any other; Anvil leaves some.
    return verifyStorageProof({ storageRoot, slot, proof: proof.storageProof[index]?.proof, allowsZeroLeaf: true });
  });
  return { account, words };
}

/**
 * Asks one source for a proof at a block, by hash, or by number where the source refuses the hash object, and verifies
 * it. What does not verify makes a liar of the source: the question names the block, so no reorg explains it.
 *
 * @throws KeeperError of the source, or a VerificationError
 */
export async function askProof(
  context: ReadContext,
  source: Source,
  header: Header,
  query: ProofQuery,
  options: RequestOptions,
): Promise<ProvenState> {
  const standing = context.standings.of(source.id);
  if (!standing.refusesHashObjects) {
    try {
      const call = proofCall(query, { blockHash: header.hash });
      return judge(context, source, header, query, await source.request(call.method, call.params, options));
    } catch (error: unknown) {
      if (!KeeperError.is(error, "SourceRpcError")) throw error;
      const state = await askByNumber(context, source, header, query, options);
      standing.refusesHashObjects = true;
      return state;
    }
  }
  return askByNumber(context, source, header, query, options);
}

/** The proof by number, with the header that the source has there: if it is another one, nobody has lied. */
async function askByNumber(
  context: ReadContext,
  source: Source,
  header: Header,
  query: ProofQuery,
  options: RequestOptions,
): Promise<ProvenState> {
  const tag = `0x${header.number.toString(16)}`;
  const calls = [proofCall(query, tag), { method: "eth_getBlockByNumber", params: [tag, false] }];
  const [proof, block] = await askMany(source, calls, context.standings, options);
  if (proof?.ok !== true || block?.ok !== true) throw proof?.ok === false ? proof.error : noBlock(source);
  try {
    return verifyState(header, query, proof.result);
  } catch (error: unknown) {
    if (!(error instanceof VerificationError) || !isBlock(block.result, header)) throw error;
    context.onLie(source.id, error.message);
    throw error;
  }
}

function judge(context: ReadContext, source: Source, header: Header, query: ProofQuery, answer: unknown): ProvenState {
  if (answer === null) throw noBlock(source);
  try {
    return verifyState(header, query, answer);
  } catch (error: unknown) {
    if (error instanceof VerificationError) context.onLie(source.id, error.message);
    throw error;
  }
}

function isBlock(block: unknown, header: Header): boolean {
  try {
    return verifyHeader(block, header.hash).hash === header.hash;
  } catch (error: unknown) {
    if (error instanceof VerificationError) return false;
    throw error;
  }
}

function noBlock(source: Source): KeeperError {
  return new KeeperError("BlockMissing", `source ${source.id} does not have the block`, { source: source.id });
}
