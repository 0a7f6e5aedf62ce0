import { Interface, type LogDescription } from "ethers";

import type { VerifiedLog } from "../../domain/VerifiedLog.ts";
import type { BookName } from "../../domain/bookSet.ts";
import type { Address, Hash, Hex } from "../../lib/hex.ts";

const AUTHORITY_UPDATED = "event AuthorityUpdated(address authority)";

/** Every event of the book contracts, as the interfaces declare them (AccountId is bytes32, Flags is uint8). */
const EVENTS: Readonly<Record<BookName, Interface>> = {
  CollateralVault: new Interface([
    AUTHORITY_UPDATED,
    "event AssetListed(address indexed asset)",
    "event Deposited(bytes32 indexed account, address indexed asset, address payer, uint256 amount, uint120 held)",
    "event Withdrawn(bytes32 indexed account, address indexed asset, address to, uint256 amount, uint120 withdrawn, uint120 held)",
    "event ClaimKept(bytes32 indexed account, address indexed asset, uint256 amount, uint128 owed, uint120 claimable)",
    "event Claimed(bytes32 indexed account, address indexed asset, address to, uint256 amount, uint128 paid, uint120 claimed, uint120 claimable)",
  ]),
  PositionLedger: new Interface([
    "event EntryPosted(uint64 indexed sequence, bytes32 indexed account, uint8 kind, uint256 key, int256 sizeDelta, int256 quoteDelta, int256 sizeAfter, int256 quoteAfter)",
    "event HotWordPushed(uint8 flags, uint48 checkpointTime, uint48 graceUntil)",
    "event ModulesBound(address vault, address settlement, address guard)",
  ]),
  OrderSettlement: new Interface([
    "event OrderFilled(bytes32 indexed orderHash, bytes32 indexed account, uint128 size, uint128 price, uint128 filled)",
    "event OrderCancelled(bytes32 indexed orderHash, bytes32 indexed account, uint128 filled)",
  ]),
  InstrumentRegistry: new Interface([
    AUTHORITY_UPDATED,
    "event InstrumentSet(uint16 indexed instrument, uint16 feed, uint32 initialPpm, uint32 maintenancePpm, uint32 priceBandPpm)",
  ]),
  PriceOracle: new Interface([
    AUTHORITY_UPDATED,
    "event FeedSet(uint16 indexed feed, address aggregator, uint8 decimals, uint48 maxAge, uint128 minPrice, uint128 maxPrice)",
  ]),
  KeeperRegistry: new Interface([
    AUTHORITY_UPDATED,
    "event KeeperAdded(address indexed attester, address indexed pauser, uint32 setId, uint16 count)",
    "event KeeperRemoved(address indexed attester, uint32 setId, uint16 count)",
    "event KeeperJailed(address indexed attester, address indexed challenger, uint32 setId, uint16 count)",
    "event KeeperRegistryBound(address registry)",
  ]),
  SyncGuard: new Interface([
    "event SoftPaused(bytes32 indexed incidentId, address indexed attester, uint64 blockNumber, bytes32 blockHash, bytes32 evidenceHash, uint48 softUntil, uint64 softBlock, uint64 witnessNumber, uint32 generation)",
    "event SoftLifted(uint32 generation, uint48 liftedAt)",
    "event HardPaused(bytes32 indexed cause, uint64 witnessNumber)",
    "event GuardBound(address registry)",
  ]),
  CheckpointRegistry: new Interface([
    AUTHORITY_UPDATED,
    "event BookSetChanged(uint32 indexed version, uint64 activeFrom, address[] contracts)",
    "event CheckpointPosted(uint64 indexed blockNumber, bytes32 indexed blockHash, bytes32 booksRoot, uint32 setId, uint32 bookSetVersion, uint48 postedAt, bytes32[] roots)",
    "event CheckpointReplaced(uint64 indexed blockNumber, uint64 posts)",
    "event CheckpointProven(uint64 indexed blockNumber, bytes32 indexed blockHash)",
    "event AttestationConvicted(uint64 indexed blockNumber, bytes32 indexed blockHash, bytes32 booksRoot, address challenger, bool isVoided, uint64 newest)",
  ]),
};

/** Chainlink's event; its aggregators are no book contracts. */
const AGGREGATOR = new Interface([
  "event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)",
]);

/** A decoded event. A field is asked for as what its type is. */
export class NaiveEvent {
  readonly name: string;
  readonly #args: LogDescription["args"];

  constructor({ name, args }: LogDescription) {
    this.name = name;
    this.#args = args;
  }

  number(field: string): bigint {
    return this.#args.getValue(field) as bigint;
  }

  /** An address or 32 bytes, lower case. */
  hex(field: string): Hex {
    return (this.#args.getValue(field) as string).toLowerCase() as Hex;
  }

  /** A list of addresses or of 32 bytes, lower case. */
  list(field: string): Hex[] {
    return Array.from(this.#args.getValue(field) as Iterable<string>, (item) => item.toLowerCase() as Hex);
  }

  flag(field: string): boolean {
    return this.#args.getValue(field) as boolean;
  }
}

function decodeWith(events: Interface, log: VerifiedLog): NaiveEvent | undefined {
  try {
    const parsed = events.parseLog(log);
    if (parsed === null) return undefined;
    // ethers overlooks dirty padding, surplus data and surplus topics: only what encodes back is what solc emits.
    const { topics, data } = events.encodeEventLog(parsed.fragment, parsed.args);
    const isSame = data === log.data && topics.length === log.topics.length;
    return isSame && topics.every((topic, at) => topic === log.topics[at]) ? new NaiveEvent(parsed) : undefined;
  } catch {
    // Whatever ethers throws for bytes that do not decode, the log is no event of this interface.
    return undefined;
  }
}

/** The event of a book contract in a log of it; undefined when it is none. */
export function decodeBookLog(book: BookName, log: VerifiedLog): NaiveEvent | undefined {
  return decodeWith(EVENTS[book], log);
}

/** The answer that an aggregator publishes with a log; undefined for every other log. */
export function decodeAnswer(
  log: VerifiedLog,
): { readonly aggregator: Address; readonly answer: bigint; readonly updatedAt: bigint } | undefined {
  const event = decodeWith(AGGREGATOR, log);
  if (event === undefined) return undefined;
  return { aggregator: log.address, answer: event.number("current"), updatedAt: event.number("updatedAt") };
}

/** `type AccountId is bytes32`: the owner in the upper 20 bytes. */
export function ownerOf(account: Hash): Address {
  return account.slice(0, 42) as Address;
}
