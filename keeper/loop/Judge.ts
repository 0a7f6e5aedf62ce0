import type { BookBlock, Books } from "../books/Books.ts";
import { BOOK_NAMES, type BookName } from "../domain/bookSet.ts";
import type { Allowed } from "../domain/conditions.ts";
import { PROVED_ALONE, type Finding } from "../domain/Finding.ts";
import type { TokenSlot } from "../domain/TokenSlot.ts";
import type { Verdict } from "../domain/Verdict.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Address, Hash } from "../lib/hex.ts";
import { EMPTY_ROOT } from "../trie/nodeEncoding.ts";
import { Custody, type Shortages } from "./Custody.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import type { ProvenBooks } from "./requestBlock.ts";
import { askSecondOpinion } from "./secondOpinion.ts";
import type { StartingPoint } from "./StartingPoint.ts";

/** As deep as a reorg can be followed. */
const MAX_AGREED = 8_192;
/** Blocks whose roots are remembered for signing: the chain itself takes no checkpoint of an older one. */
const MAX_CLEAN = 256;

/** What was latched before a block, so that the block can be taken back. */
interface Latch {
  readonly hash: Hash;
  readonly latched: readonly Finding[];
  readonly short: Shortages;
  readonly isRepaired: boolean;
  readonly ownFault: OwnFault | null;
}

/** What a block brought that nothing was found against before, and where it came from: what evidence is made of. */
export interface Found {
  readonly findings: readonly Finding[];
  /** What the second opinion says; null where it was not asked. */
  readonly detail: string | null;
  readonly isOwnFault: boolean;
  /** The newest block whose proven roots were the books'; null when there is none. */
  readonly base: Hash | null;
  /** The blocks since, oldest first: the findings' is the last. */
  readonly blocks: readonly BookBlock[];
}

/** Findings that a second derivation of the same blocks does not share. */
interface OwnFault {
  readonly findings: readonly Finding[];
  readonly detail: string;
}

/**
 * Turns a block and its proofs into what stands against it, and remembers it.
 *
 * A divergence is latched: it stands until its block is orphaned, or until governance has repaired or accepted words after it
 * and the books are proven to equal the chain again without anything new against a block since. That later blocks look equal
 * never clears it. Custody below the books stands until the vault is proven to hold enough again. A fault of our own stands as long as its block, for good once k operators stand behind it: then the keeper
 * latches itself.
 */
export class Judge {
  readonly #books: Books;
  readonly #codeHashes = new Map<BookName, Hash>();
  readonly #ask: typeof askSecondOpinion;
  #practice: number;
  /** What tells what the vault is short of. */
  readonly custody: Custody;
  /** Blocks whose proven roots are the books', oldest first. */
  readonly #agreed: Hash[] = [];
  /** Roots of the newest blocks that were in sync whatever the votes, oldest first. */
  readonly #clean = new Map<Hash, readonly Hash[]>();
  /** One for each block, oldest first. */
  readonly #latches: Latch[] = [];
  #latched: readonly Finding[] = [];
  /** What the vault is short of, which no repair of words mends. */
  #short: Shortages = new Map();
  /** Words were repaired or accepted, and since then nothing was found, nor yet proven to be equal. */
  #isRepaired = false;
  #ownFault: OwnFault | null = null;
  #found: Found | null = null;
  /** The books come from a snapshot that nobody could prove, and no proven block since was equal. */
  #isProvisional = false;

  /** @param practice blocks in sync of which a second opinion is asked only so that the first one in earnest is not slow */
  constructor(
    books: Books,
    ask: typeof askSecondOpinion = askSecondOpinion,
    practice = 0,
    custody: Custody | readonly TokenSlot[] = [],
  ) {
    this.#books = books;
    this.#ask = ask;
    this.#practice = practice;
    this.custody = custody instanceof Custody ? custody : new Custody(books, custody);
  }

  /** The books begin with a block of a snapshot, whose roots are proven there or not yet. */
  begin({ header, proven, codeHashes }: StartingPoint): void {
    for (const [contract, hash] of codeHashes) this.#codeHashes.set(contract, hash);
    this.#agreed.push(header.hash);
    this.#isProvisional = proven === null;
    if (!this.#isProvisional) this.#remember(header.hash);
  }

  /** Whether what is found may be the snapshot's fault. */
  get isProvisional(): boolean {
    return this.#isProvisional;
  }

  /** The code that the contracts had when they were in sync. */
  get codeHashes(): ReadonlyMap<BookName, Hash> {
    return this.#codeHashes;
  }

  /** Divergences that stand, oldest first. */
  get latched(): readonly Finding[] {
    if (this.#short.size === 0) return this.#latched;
    return [...this.#latched, ...this.#short.values()].sort((one, other) => one.blockNumber - other.blockNumber);
  }

  /** What the vault is short of of a token, proven; null where it is not. */
  shortOf(token: Address): Finding | null {
    return this.#short.get(token) ?? null;
  }

  /** What the newest block that was taken brought, if it is the first to be wrong; null otherwise. */
  get found(): Found | null {
    return this.#found;
  }

  /** Whether the proven roots of a block were the books'. */
  isAgreed(hash: Hash): boolean {
    return this.#agreed.includes(hash);
  }

  get hasOwnFault(): boolean {
    return this.#ownFault !== null;
  }

  /**
   * Applies a block to the books and judges it.
   *
   * @throws KeeperError `SnapshotRefuted` when something is found on a snapshot that was never proven: nothing follows from it
   */
  take(fetched: FetchedBlock, block: BookBlock): void {
    const [latched, short, isRepaired, ownFault] = [this.#latched, this.#short, this.#isRepaired, this.#ownFault];
    this.#found = null;
    this.#latches.push({ hash: block.hash, latched, short, isRepaired, ownFault });
    if (this.#latches.length > MAX_AGREED) this.#latches.shift();
    const base = this.#agreed.at(-1) ?? null;
    const applied = this.#books.apply(block);
    const all = [...applied, ...this.#compare(fetched, block)];
    if (this.#isProvisional) this.#settleSnapshot(fetched, all);
    const isVaultProven = fetched.proven?.CollateralVault?.storageRoot === this.#books.root("CollateralVault");
    if (isVaultProven) this.#short = this.custody.after(short, fetched, block);
    const missing = [...this.#short].flatMap(([token, finding]) => (short.has(token) ? [] : [finding]));
    const findings = [...all.filter(({ contract }) => !this.#stands(contract)), ...missing];
    this.#isRepaired = all.length === 0 && (this.#isRepaired || this.#books.hasRepair(block));
    if (all.length === 0 && fetched.proven !== null) {
      this.#agreed.push(block.hash);
      if (this.#agreed.length > MAX_AGREED) this.#agreed.shift();
      if (this.#isRepaired) this.#latched = [];
      this.#isRepaired = false;
      if (this.#latched.length + this.#short.size === 0 && this.#ownFault === null) this.#remember(block.hash);
    }
    if (findings.length === 0) return this.#practise(fetched, block);
    const own = findings.filter((finding) => !missing.includes(finding));
    // What an incident stands for already is no other step, unless the books differ for the first time.
    const isFirst = this.#latched.length === 0 && this.#ownFault === null && (short.size === 0 || own.length > 0);
    if (!isFirst) {
      this.#latched = [...this.#latched, ...own];
      return;
    }
    // Beyond what the books can take back, nothing is known of where the difference came from.
    const blocks = this.#books.blocksSince(base) ?? [block];
    if (findings.some(({ cause }) => PROVED_ALONE.has(cause))) {
      this.#latched = own;
      this.#found = { findings, detail: null, isOwnFault: false, base, blocks };
      return;
    }
    const before = this.rootsOf(blocks[0]?.parentHash ?? "0x");
    const opinion = this.#ask(this.#books, blocks, fetched.proven, before);
    const isOwn = opinion.agreesWithChain || (opinion.hasFailed === true && !isProved(findings));
    if (isOwn) this.#ownFault = { findings, detail: opinion.detail };
    else this.#latched = own;
    this.#found = { findings, detail: opinion.detail, isOwnFault: isOwn, base, blocks };
  }

  /** Code that never ran is slow when every millisecond counts; what comes of it is of no matter. */
  #practise({ proven }: FetchedBlock, block: BookBlock): void {
    const before = this.rootsOf(block.parentHash);
    if (this.#practice === 0 || proven === null || before === null || block.logs.length === 0) return;
    this.#practice -= 1;
    this.#ask(this.#books, [block], proven, before);
  }

  /** The first proven block after a snapshot that was not proven decides on it. */
  #settleSnapshot({ header, proven }: FetchedBlock, [finding]: readonly Finding[]): void {
    if (finding !== undefined) {
      const { contract, cause, detail } = finding;
      const message = `the snapshot that this keeper began with, which nobody could prove, does not lead to block ${header?.number ?? "?"}: ${contract}: ${detail}`;
      throw new KeeperError("SnapshotRefuted", message, { contract, cause, detail });
    }
    if (proven !== null) this.#isProvisional = false;
  }

  /** A judge of another branch of the same books, from which the newest `depth` blocks were taken back. */
  branch(depth: number): Judge {
    const other = new Judge(this.#books, this.#ask, 0, this.custody.branch());
    for (const [contract, hash] of this.#codeHashes) other.#codeHashes.set(contract, hash);
    for (const [hash, roots] of this.#clean) other.#clean.set(hash, roots);
    other.#agreed.push(...this.#agreed);
    other.#latches.push(...this.#latches);
    other.#latched = this.#latched;
    other.#short = this.#short;
    other.#isRepaired = this.#isRepaired;
    other.#ownFault = this.#ownFault;
    for (let undone = 0; undone < depth; undone += 1) other.forget(this.#latches.at(-1 - undone)?.hash ?? "0x");
    return other;
  }

  /** The roots of a recent block that was judged with its proofs, and against which nothing stood; null for others. */
  rootsOf(hash: Hash): readonly Hash[] | null {
    return this.#clean.get(hash) ?? null;
  }

  /** The newest block was orphaned: what it diverged in never happened, and what it repaired diverges again. */
  forget(blockHash: Hash): void {
    if (this.#agreed.at(-1) === blockHash) this.#agreed.pop();
    this.#clean.delete(blockHash);
    const latch = this.#latches.at(-1);
    if (latch?.hash !== blockHash) return;
    this.#latches.pop();
    this.#latched = latch.latched;
    this.#short = latch.short;
    this.#isRepaired = latch.isRepaired;
    this.#ownFault = latch.ownFault;
  }

  /**
   * The verdict on the newest block of the books. Null while the votes, or the state of the chain, do not allow to say that
   * it is in sync.
   */
  verdict(fetched: FetchedBlock, inSync: Allowed["inSync"]): Verdict | null {
    if (this.#ownFault !== null) return { kind: "OwnFault", ...this.#ownFault };
    const { latched } = this;
    if (latched.length > 0) {
      const isLatched = latched.every(({ blockHash }) => blockHash !== fetched.hash);
      return { kind: "Diverged", findings: latched, isLatched };
    }
    if (fetched.proven === null) {
      return { kind: "Unknown", reason: "no-proof", detail: fetched.proofMissing ?? "no account proof was asked for" };
    }
    if (inSync === "no") return null;
    this.#learnCode(fetched.proven);
    // What was proven of the block, and not what the books may have become since in a memory that fails.
    const roots = this.rootsOf(fetched.hash) ?? this.#books.roots();
    return { kind: "InSync", isWitnessed: inSync === "witnessed", roots };
  }

  /** The code that a block in sync has is the code that later ones must have. Nothing is learnt from other blocks. */
  #learnCode(proven: ProvenBooks): void {
    for (const contract of BOOK_NAMES) {
      const codeHash = proven[contract]?.codeHash;
      if (codeHash !== undefined && !this.#codeHashes.has(contract)) this.#codeHashes.set(contract, codeHash);
    }
  }

  #remember(hash: Hash): void {
    this.#clean.set(hash, this.#books.roots());
    const [oldest] = this.#clean.keys();
    if (this.#clean.size > MAX_CLEAN && oldest !== undefined) this.#clean.delete(oldest);
  }

  #stands(contract: BookName): boolean {
    return this.#latched.some((finding) => finding.contract === contract);
  }

  #compare({ proven }: FetchedBlock, block: BookBlock): Finding[] {
    if (proven === null) return [];
    const findings: Finding[] = [];
    for (const contract of BOOK_NAMES) {
      // A contract that is not there has no storage: the same root as one without a word.
      const chain = proven[contract] ?? { storageRoot: EMPTY_ROOT, codeHash: null };
      const at = { contract, blockNumber: block.number, blockHash: block.hash, logIndex: null };
      const root = this.#books.root(contract);
      if (root !== chain.storageRoot) {
        const detail = `the events imply the storage root ${root}, the chain has ${chain.storageRoot}`;
        findings.push({ ...at, cause: "unexplained-write", detail });
      }
      const codeHash = this.#codeHashes.get(contract);
      // Below its deployment a contract has no code; that it lost its storage shows in the root.
      if (codeHash !== undefined && chain.codeHash !== null && codeHash !== chain.codeHash) {
        const detail = `code hash ${chain.codeHash}, in sync with ${codeHash}`;
        findings.push({ ...at, cause: "code-changed", detail });
      }
    }
    return findings;
  }
}

/** Whether something stands against the chain. After a failure nothing does: it leaves the books of the block wrong. */
function isProved([first]: readonly Finding[]): boolean {
  return first !== undefined && first.isFailure !== true;
}
