import { encodeConvict } from "../../actions/plan/encodeQuorumCalls.ts";
import { bookSetAt } from "../../books/reducers/checkpoints/bookSet.ts";
import { readAccountProof } from "../../chain/verify/blockFacts.ts";
import { verifyHeader } from "../../chain/verify/header.ts";
import { VerificationError } from "../../chain/verify/VerificationError.ts";
import { BOOK_NAMES } from "../../domain/bookSet.ts";
import type { Statement } from "../../domain/Statement.ts";
import { keccakWords } from "../../lib/keccakWords.ts";
import type { Address, Hash, Hex } from "../../lib/hex.ts";
import { EMPTY_ROOT } from "../../trie/nodeEncoding.ts";
import { readContract } from "../requestBlock.ts";
import type { RpcAnswer, RpcCall } from "../ports.ts";
import type { Errand } from "./Carrier.ts";
import type { QuorumContext } from "./QuorumContext.ts";
import type { QuorumView } from "./QuorumView.ts";

type AttestationStatement = Extract<Statement, { kind: "attestation" }>;

/** An attestation that the chain proves to be false. */
interface Case {
  readonly id: Hash;
  readonly signer: Address;
  readonly statement: AttestationStatement;
  readonly signature: Hex;
  /** Place in the book set of the first contract whose root differs; null where the number is false for the hash. */
  readonly index: number | null;
  /** What convicts, once it is here. */
  proof: { readonly headerRlp: Hex; readonly accountProof: readonly Hex[] } | null;
  requestId: number | null;
  askedAt: number;
  tries: number;
  /** The account proof as it was served when the block was judged, as long as it is kept. */
  readonly kept: readonly Hex[] | null;
}

const GAS_LIMIT = 3_000_000n;
/** Blocks between two questions for the same proof, and how many are asked before it is told that nobody proves it any more. */
const RETRY_BLOCKS = 2;
const MAX_TRIES = 12;
const MAX_CASES = 64;

/**
 * Brings false attestations before the registry: what a bonded keeper signed of a block, against what that very block commits to.
 * This keeper's own books have no part in it: where they are wrong themselves, nobody is convicted for it.
 *
 * An old block's account proof can be had only from a node that keeps its state. Where the keeper has let its own go and nobody
 * answers with one, it says so, and the case stays open as long as the signature is known.
 */
export class Convictions {
  readonly #context: QuorumContext;
  /** One for each signer: one conviction takes its whole bond. */
  readonly #cases = new Map<Address, Case>();

  constructor(context: QuorumContext) {
    this.#context = context;
  }

  get isOpen(): boolean {
    return this.#cases.size > 0;
  }

  /** Finds what is false, and gathers what shows it. */
  step(view: QuorumView, isBonded: (signer: Address) => boolean): void {
    for (const signer of this.#cases.keys()) if (!isBonded(signer)) this.#cases.delete(signer);
    for (const { statement, signatures } of this.#context.book.all("attestation")) {
      for (const [signer, signature] of signatures) this.#consider(statement, signer, signature);
    }
    for (const open of this.#cases.values()) if (open.proof === null) this.#ask(open, view.tip.number);
  }

  /** What is to be carried now, if it is this keeper's turn, and was not carried in vain just now. */
  errand(view: QuorumView, isResting: (id: Hash) => boolean): Errand | null {
    const { options, rotation } = this.#context;
    for (const { id, signer, statement, signature, index, proof } of this.#cases.values()) {
      if (proof === null || signer === options.attester || isResting(id)) continue;
      const members = view.set.members.filter((member) => member !== signer);
      if (!rotation.isMine(id, members, options.attester, view.tip.number)) continue;
      const { attestation, roots } = statement;
      const data = encodeConvict({ attestation, roots, signatures: [signature], index: index ?? 0, ...proof });
      return { id, purpose: "convict", to: options.addresses.CheckpointRegistry, data, gasLimit: GAS_LIMIT };
    }
    return null;
  }

  /** Takes the answer to a question for a proof. False when the id is somebody else's. */
  answer(id: number, answers: readonly RpcAnswer[]): boolean {
    const open = [...this.#cases.values()].find(({ requestId }) => requestId === id);
    if (open === undefined) return false;
    open.requestId = null;
    open.proof = this.#read(open, answers);
    return true;
  }

  #consider(statement: AttestationStatement, signer: Address, signature: Hex): void {
    if (this.#cases.has(signer) || this.#cases.size >= MAX_CASES) return;
    const { attestation, roots } = statement;
    const fetched = this.#context.follower.held(attestation.blockHash);
    const { header, proven } = fetched ?? {};
    if (fetched === undefined || header == null) return;
    const isNumberFalse = BigInt(header.number) !== attestation.blockNumber;
    const index = isNumberFalse
      ? null
      : this.#firstFalse(attestation.bookSetVersion, roots, header.number, proven ?? null);
    if (index === undefined) return;
    const id = keccakWords([signer, attestation.blockHash, attestation.booksRoot]);
    const served = index === null ? null : fetched.served?.answers[index];
    const kept = served === undefined || served === null ? null : readAccountProof(served);
    this.#cases.set(signer, {
      ...{ id, signer, statement, signature, index, kept },
      ...{ proof: null, requestId: null, askedAt: -RETRY_BLOCKS, tries: 0 },
    });
    const what = index === null ? "its number is another" : `the root of ${BOOK_NAMES[index] ?? index} is another`;
    const detail = `${signer} attested block ${attestation.blockNumber} (${attestation.blockHash}) falsely: ${what}`;
    this.#context.outbox.emit({ type: "alert", level: "critical", event: "false-attestation", detail });
  }

  /** The first contract of which the chain proves another root; undefined when there is none, or none that counts. */
  #firstFalse(
    version: bigint,
    roots: readonly Hash[],
    number: number,
    proven: Readonly<Partial<Record<(typeof BOOK_NAMES)[number], { readonly storageRoot: Hash } | null>>> | null,
  ): number | undefined {
    if (proven === null || roots.length !== BOOK_NAMES.length) return undefined;
    const index = BOOK_NAMES.findIndex((name, place) => {
      const contract = proven[name];
      return contract !== undefined && (contract?.storageRoot ?? EMPTY_ROOT) !== roots[place];
    });
    if (index === -1) return undefined;
    const { books, options } = this.#context;
    const set = bookSetAt(BigInt(number), (slot) => books.read("CheckpointRegistry", slot));
    const isOurs = set.contracts.join() === BOOK_NAMES.map((name) => options.addresses[name]).join();
    // The registry convicts nobody for another set or another number of roots: it can never be posted.
    return isOurs && set.version === version ? index : undefined;
  }

  #ask(open: Case, tipNumber: number): void {
    if (open.requestId !== null || (tipNumber - open.askedAt < RETRY_BLOCKS && tipNumber >= open.askedAt)) return;
    const { follower, outbox, options } = this.#context;
    const { board } = follower.agreement;
    const sources = board.ranked(board.trusted());
    const source = sources[open.tries % Math.max(1, sources.length)];
    if (source === undefined) return;
    open.askedAt = tipNumber;
    open.tries += 1;
    if (open.tries === MAX_TRIES) this.#sayUnprovable(open);
    const { blockHash } = open.statement.attestation;
    const calls: RpcCall[] = [{ method: "eth_getBlockByHash", params: [blockHash, false] }];
    const book = open.index === null || open.kept !== null ? undefined : BOOK_NAMES[open.index];
    if (book !== undefined) {
      calls.push({ method: "eth_getProof", params: [options.addresses[book], [], { blockHash }] });
    }
    open.requestId = outbox.request(source, calls, options.requestDeadlineMs);
  }

  /** Header and account proof, verified here: what the registry would refuse is not sent. */
  #read({ index, statement, kept }: Case, answers: readonly RpcAnswer[]): Case["proof"] {
    const [first, second] = answers;
    if (first?.ok !== true) return null;
    try {
      const header = verifyHeader(first.value, statement.attestation.blockHash);
      const name = index === null ? undefined : BOOK_NAMES[index];
      if (index === null || name === undefined) return { headerRlp: header.rlp, accountProof: [] };
      const answer: RpcAnswer | undefined = kept === null ? second : { ok: true, value: { accountProof: kept } };
      const contract = readContract(answer, header, this.#context.options.addresses[name]);
      if (contract.kind !== "ok" || answer?.ok !== true) return null;
      const isFalse = (contract.value?.storageRoot ?? EMPTY_ROOT) !== statement.roots[index];
      const accountProof = readAccountProof(answer.value);
      return isFalse && accountProof !== null ? { headerRlp: header.rlp, accountProof } : null;
    } catch (error: unknown) {
      if (error instanceof VerificationError) return null;
      throw error;
    }
  }

  #sayUnprovable({ signer, statement }: Case): void {
    const { blockNumber } = statement.attestation;
    const detail = `no source proves the state of block ${blockNumber} any more: ${signer} is convicted only with one that does`;
    this.#context.outbox.emit({ type: "alert", level: "critical", event: "conviction-unprovable", detail });
  }
}
