import type { Attestation } from "../../keeper/domain/Attestation.ts";
import { digestUnder } from "../../keeper/domain/attestationDigest.ts";
import type { Hash, Hex } from "../../keeper/lib/hex.ts";
import { bookSetAt, type Block } from "./Block.ts";
import type { Draw } from "./Draw.ts";
import type { History } from "./generateHistory.ts";
import type { Motion } from "./Motion.ts";
import type { QuickSigner } from "./QuickSigner.ts";
import { judgeClaim, type Judgement, type Statement } from "./Statement.ts";
import type { Account, World } from "./World.ts";

/** A keeper whose key the run knows. */
export interface Suspect {
  readonly signer: QuickSigner;
  /** Whether a bond is left to take. */
  readonly isBonded: boolean;
}

/** What does not change from one history to the next. */
export interface Forum {
  readonly world: World;
  readonly suspects: readonly Suspect[];
  /** EIP-712 domain separator of the checkpoint registry. */
  readonly domain: Hash;
  /** Those of a registry on another chain and of another registry on this one, where the same keys are in use. */
  readonly otherDomains: readonly Hash[];
}

/** All that an adversary has against the signers of one statement. */
export class Prosecution {
  readonly forum: Forum;
  readonly history: History;
  readonly statement: Statement;
  readonly judgement: Judgement;
  readonly draw: Draw;
  /** The book that the registry has at each index for the attested number. */
  readonly books: readonly Account[];
  /** The block whose header and proofs are shown; any block when nobody knows the signed one. */
  readonly block: Block;

  constructor(forum: Forum, history: History, statement: Statement, draw: Draw) {
    this.forum = forum;
    this.history = history;
    this.statement = statement;
    this.draw = draw;
    this.judgement = judgeClaim(statement, history.bookSets);
    this.block = statement.block ?? draw.pick(history.tree.blocks);
    const set = bookSetAt(history.bookSets, Number(statement.attestation.blockNumber));
    this.books = set.books.map((book) => forum.world.contracts[book] as Account);
  }

  /** The whole and true evidence about one book, with the signatures of these keepers. */
  motion(index: number, signers: readonly number[] = this.statement.signers): Motion {
    const { attestation, roots } = this.statement;
    const book = this.books[index];
    const proof = book === undefined ? [] : this.block.state.prove(book.key);
    const signatures = this.sign(attestation, signers);
    return { attestation, roots, signatures, index: BigInt(index), header: this.block.header, proof };
  }

  /** Signatures of an attestation, ascending by signer. */
  sign(attestation: Attestation, signers: readonly number[], domain = this.forum.domain): string {
    const digest = digestUnder(domain, attestation);
    return signers
      .map((index) => this.forum.suspects[index]?.signer as QuickSigner)
      .sort((one, other) => (one.address.toLowerCase() < other.address.toLowerCase() ? -1 : 1))
      .map((signer) => signer.sign(digest))
      .join("");
  }

  /** One of the signers. */
  anySigner(): number {
    return this.draw.pick(this.statement.signers);
  }

  /** An index that the book set has; often one whose root is false, if there is any. */
  anyIndex(): number {
    const { judgement, draw, books } = this;
    if (judgement.verdict === "falseRoots" && draw.chance(0.7)) return draw.pick([...judgement.indices]);
    return draw.below(books.length);
  }

  /** The proof of a book, or of any account, in any block. */
  proofOf(index: number, block: Block = this.block): Hex[] {
    return block.state.prove((this.books[index] as Account).key);
  }

  /** Those of the keepers who would lose a bond, as a mask. */
  bonded(signers: readonly number[]): bigint {
    return signers.reduce((mask, index) => {
      return this.forum.suspects[index]?.isBonded === true ? mask | (1n << BigInt(index)) : mask;
    }, 0n);
  }
}
