import type { Books } from "../../books/Books.ts";
import { readKeeper, KEEPER_STATUS } from "../../books/reducers/keepers/members.ts";
import type { CoreOrder } from "../../domain/Order.ts";
import type { Statement } from "../../domain/Statement.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import type { Accounts } from "../Accounts.ts";
import { Checkpoints } from "../Checkpoints.ts";
import type { CustodyPoll } from "../CustodyPoll.ts";
import type { Opinion } from "../Decider.ts";
import type { Follower, Standing } from "../Follower.ts";
import type { Judge } from "../Judge.ts";
import type { KeeperOptions } from "../KeeperOptions.ts";
import type { Outbox } from "../Outbox.ts";
import type { OwnPast } from "../OwnPast.ts";
import type { Input, RpcAnswer } from "../ports.ts";
import { Carrier, type Errand } from "./Carrier.ts";
import { Convictions } from "./Convictions.ts";
import { Disagreements } from "./Disagreements.ts";
import { GuardWords } from "./GuardWords.ts";
import { HardPauses } from "./HardPauses.ts";
import { Resumes } from "./Resumes.ts";
import type { QuorumContext } from "./QuorumContext.ts";
import { readQuorumView, type QuorumView } from "./QuorumView.ts";
import { Rotation } from "./Rotation.ts";
import { Signing } from "./Signing.ts";
import { StatementBook } from "./StatementBook.ts";

/** Blocks of which statements are kept: the contracts take none of an older one. */
const WINDOW_BLOCKS = 256;
/** How far ahead of this keeper another one may be. */
const AHEAD_BLOCKS = 64;

/**
 * What keepers decide together: which blocks they sign, what they make of each other's signatures, and who carries what a quorum
 * signed onto the chain. It never has a part in this keeper's own verdict, nor in its own pause.
 */
export class Quorum {
  readonly checkpoints: Checkpoints;
  readonly #options: KeeperOptions;
  readonly #books: Books;
  readonly #outbox: Outbox;
  readonly #book = new StatementBook();
  readonly #signing: Signing;
  readonly #carrier: Carrier;
  readonly #context: QuorumContext;
  readonly #words: GuardWords;
  readonly #hardPauses: HardPauses;
  readonly #convictions: Convictions;
  readonly #disagreements: Disagreements;
  readonly #resumes: Resumes;
  #view: QuorumView | null = null;
  #seen = "";
  #published = "";

  constructor(
    options: KeeperOptions,
    parts: {
      readonly books: Books;
      readonly judge: Judge;
      readonly follower: Follower;
      readonly outbox: Outbox;
      readonly accounts: Accounts;
      readonly custody: Pick<CustodyPoll, "shortOf">;
    },
  ) {
    const { books, judge, follower, outbox, accounts, custody } = parts;
    this.#options = options;
    this.#books = books;
    this.#outbox = outbox;
    this.#signing = new Signing(options, outbox, this.#book);
    this.#carrier = new Carrier(options, outbox, accounts);
    this.#context = {
      ...{ options, books, judge, follower, outbox, book: this.#book, signing: this.#signing },
      rotation: new Rotation(),
      custody,
      view: () => this.#look(),
    };
    this.checkpoints = new Checkpoints(this.#context);
    this.#words = new GuardWords(this.#context);
    this.#hardPauses = new HardPauses(this.#context, this.#words);
    this.#convictions = new Convictions(this.#context);
    this.#disagreements = new Disagreements(this.#context);
    this.#resumes = new Resumes(this.#context);
  }

  /** Takes over from another replica, with what it signed. Only blocks above the head that is agreed next are signed. */
  lead(past: OwnPast): void {
    this.#signing.remember(past.signedRoots);
    this.#carrier.remember(past.remembered);
    this.checkpoints.restart();
    this.checkpoints.noteSignedBefore(past.newestSigned ?? -1);
    this.#resumes.noteConsensusFault(past.hadConsensusFault === true);
    this.#seen = "";
  }

  /** A source took a transaction, or refused it. */
  sent(input: Extract<Input, { type: "sent" }>): void {
    this.#carrier.sent(input);
  }

  /** Whether a key's statements are worth a look: it is of a member, or of one whose bond still answers for what it signs. */
  isBonded(signer: Address): boolean {
    const { status } = readKeeper(signer, (slot) => this.#books.read("KeeperRegistry", slot));
    return status >= KEEPER_STATUS.bonded && status <= KEEPER_STATUS.unbonding;
  }

  /** The record is durable. False when the id is somebody else's. */
  journalled(input: Extract<Input, { type: "journalled" }>): boolean {
    return this.#signing.journalled(input) || this.#carrier.journalled(input);
  }

  /** A statement or a transaction was signed. False when the id is somebody else's. */
  signed(input: Extract<Input, { type: "signed" }>): boolean {
    return this.#signing.signed(input) || this.#carrier.signed(input);
  }

  /** A signer could not sign. False when the id is somebody else's. */
  signFailed(input: Extract<Input, { type: "sign-failed" }>): boolean {
    return this.#signing.failed(input) || this.#carrier.failed(input);
  }

  /** Takes the answers to an own request in. False when the id is somebody else's. */
  answer(id: number, answers: readonly RpcAnswer[]): boolean {
    const isOurs = this.#words.answer(id, answers) || this.#convictions.answer(id, answers);
    // What was answered may be what an errand waited for.
    if (isOurs) this.#seen = "";
    return isOurs;
  }

  /** Signs to resume as an operator orders it, or says why not. */
  signResume(id: string, order: Extract<CoreOrder, { kind: "sign-resume" }>, opinion: Opinion | null): void {
    this.#resumes.order(id, order, this.#look(), opinion);
  }

  /** What a peer serves. Who signed it is certain; whether it is true, or anybody's business, is not. */
  hear({ statements }: Extract<Input, { type: "statements" }>): void {
    const view = this.#look();
    if (view === null) return;
    for (const signed of statements) {
      if (!this.#isOfUse(view, signed.statement, signed.signer)) continue;
      if (signed.signer === this.#options.attester) this.#noteOwn(signed.statement, signed.digest);
      this.#book.add(signed);
    }
  }

  /** Does what follows from where the books stand and from what was heard. */
  step(standing: Standing, opinion: Opinion | null): void {
    const view = this.#look();
    if (view === null) return;
    if (this.#keyOf(view, opinion) === this.#seen) return;
    this.#prune(view);
    this.#disagreements.step(view, opinion);
    this.#hardPauses.step(view, opinion);
    this.#convictions.step(view, this.isBonded.bind(this));
    this.#carry(view, standing, opinion);
    this.#publish(view);
    this.#seen = this.#keyOf(view, opinion);
  }

  /** What the parts depend on: while it is the same, there is nothing new to do. */
  #keyOf({ tip }: QuorumView, opinion: Opinion | null): string {
    const { verdict, block, isAgreed, allowed } = opinion ?? {};
    return [tip.hash, this.#book.version, verdict?.kind, block?.hash, isAgreed, allowed?.inSync].join(" ");
  }

  /** The most urgent first, for there is one transaction at a time; what is carried in vain holds nothing else up. */
  #carry(view: QuorumView, { fetched }: Standing, opinion: Opinion | null): void {
    if (this.#options.policy.mode !== "act") return;
    const isResting = (id: Hash): boolean => this.#carrier.isResting(id, view.tip.number);
    const unless = (errand: Errand | null): Errand | null => (errand === null || isResting(errand.id) ? null : errand);
    const errand =
      unless(this.#hardPauses.errand(view, opinion)) ??
      this.#convictions.errand(view, isResting) ??
      unless(this.#resumes.errand(view, opinion)) ??
      (opinion?.allowed.sign === true ? this.checkpoints.errand(view) : null);
    this.#carrier.pursue(errand, view.tip.number, fetched.header?.baseFeePerGas ?? 0n);
  }

  /** What the books say at their newest block. */
  #look(): QuorumView | null {
    const { tip } = this.#books;
    if (tip === null) return null;
    if (this.#view?.tip.hash !== tip.hash) this.#view = readQuorumView(this.#books, tip);
    return this.#view;
  }

  /** The own key signed what this run does not know of: it was an earlier run, or somebody else has the key. */
  #noteOwn(statement: Statement, digest: Hash): void {
    if (statement.kind !== "attestation" || this.#signing.has(digest)) return;
    const { blockNumber, blockHash, booksRoot } = statement.attestation;
    this.checkpoints.noteSignedBefore(Number(blockNumber));
    const own = this.#signing.signedRoot(blockHash);
    if (own === null || own === booksRoot) return;
    const detail = `the attest key signed ${booksRoot} for block ${blockHash}, of which this keeper signed ${own}`;
    this.#outbox.emit({ type: "alert", level: "critical", event: "own-key-used", detail });
  }

  #isOfUse(view: QuorumView, statement: Statement, signer: Address): boolean {
    if (!this.isBonded(signer)) return false;
    const { tip, incident, set } = view;
    const isNear = (block: bigint): boolean => {
      const number = Number(block);
      return number > tip.number - WINDOW_BLOCKS && number <= tip.number + AHEAD_BLOCKS;
    };
    if (statement.kind === "attestation") return isNear(statement.attestation.blockNumber);
    const { setId, pauseNonce } = statement.certificate;
    if (setId !== set.id || !set.members.includes(signer)) return false;
    if (statement.kind === "resume") return view.stands && pauseNonce === incident.nonce;
    return !view.isHard && isNear(statement.certificate.blockNumber);
  }

  #prune(view: QuorumView): void {
    const { highest } = view.cursor;
    for (const { digest, statement } of this.#book.all("attestation")) {
      if (statement.attestation.blockNumber <= highest) this.#carrier.done(digest);
    }
    this.#book.prune((statement, signer) => this.#isOfUse(view, statement, signer));
  }

  /** What others may fetch, and whether theirs is awaited. */
  #publish(view: QuorumView): void {
    const isOpen = this.checkpoints.isOpen(view) || this.#hardPauses.isOpen(view) || this.#resumes.isOpen();
    const published = `${this.#book.version} ${isOpen}`;
    if (published === this.#published) return;
    this.#published = published;
    this.#outbox.emit({ type: "statements", statements: this.#book.statements(), isOpen });
  }
}
