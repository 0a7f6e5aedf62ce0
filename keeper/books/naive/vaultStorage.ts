import type { Address, Hash } from "../../lib/hex.ts";
import { after, mapped, type Place } from "./words.ts";

/*
 * Where every variable of CollateralVault is stored, worked out by hand: variables take slots in the order of
 * declaration, base contracts first (slot 0 is AccessManaged's); what fits shares a word, from the low end; a struct,
 * an array and a mapping start a new word. Constants, immutables and transient variables have no slot.
 */

/** Slot 1: `mapping(address asset => Asset) internal _assets;` */
const ASSETS = 1n;
/** Slot 2: `mapping(AccountId account => mapping(address asset => Flow)) internal _flows;` */
const FLOWS = 2n;
/** Slot 3: `mapping(AccountId account => mapping(address asset => Claim)) internal _claims;` */
const CLAIMS = 3n;
/** Slot 4: `mapping(address asset => AssetLimits) internal _limits;` */
const LIMITS = 4n;
/** Slot 5: `mapping(address asset => RateLimiter.RefillingBucket) internal _allowances;` */
const ALLOWANCES = 5n;
/** Slot 6: `mapping(AccountId account => mapping(address asset => Registration)) internal _registrations;` */
const REGISTRATIONS = 6n;
/** Slot 7: `mapping(address asset => WindDown) internal _windDowns;` */
const WIND_DOWNS = 7n;
/** Slot 8: `mapping(AccountId account => mapping(address asset => ClaimPaid)) internal _claimsPaid;` */
const CLAIMS_PAID = 8n;

const vault = { book: "CollateralVault" } as const;

/** `struct Asset { uint112 held; uint96 level; uint40 levelAt; bool isListed; }` */
export function assetAt(asset: Address): Record<"held" | "level" | "levelAt" | "isListed", Place> {
  const slot = mapped(asset, ASSETS);
  return {
    held: { ...vault, slot, offset: 0, bits: 112 },
    level: { ...vault, slot, offset: 112, bits: 96 },
    levelAt: { ...vault, slot, offset: 208, bits: 40 },
    isListed: { ...vault, slot, offset: 248, bits: 8 },
  };
}

/** `struct Flow { uint104 deposited; uint104 withdrawn; uint40 openedAt; }` */
export function flowAt(account: Hash, asset: Address): Record<"deposited" | "withdrawn" | "openedAt", Place> {
  const slot = mapped(asset, mapped(account, FLOWS));
  return {
    deposited: { ...vault, slot, offset: 0, bits: 104 },
    withdrawn: { ...vault, slot, offset: 104, bits: 104 },
    openedAt: { ...vault, slot, offset: 208, bits: 40 },
  };
}

/** `struct ClaimPaid { uint120 claimed; bool isUsed; }` */
export function claimPaidAt(account: Hash, asset: Address): Record<"claimed" | "isUsed", Place> {
  const slot = mapped(asset, mapped(account, CLAIMS_PAID));
  return { claimed: { ...vault, slot, offset: 0, bits: 120 }, isUsed: { ...vault, slot, offset: 120, bits: 8 } };
}

/** `struct Claim { uint128 owed; uint128 paid; }` */
export function claimAt(account: Hash, asset: Address): Record<"owed" | "paid", Place> {
  const slot = mapped(asset, mapped(account, CLAIMS));
  return { owed: { ...vault, slot, offset: 0, bits: 128 }, paid: { ...vault, slot, offset: 128, bits: 128 } };
}

/** `struct AssetLimits { uint112 cap; uint32 outflowPpm; uint32 allowancePpm; uint32 period; }` */
export function limitsAt(asset: Address): Record<"cap" | "outflowPpm" | "allowancePpm" | "period", Place> {
  const slot = mapped(asset, LIMITS);
  return {
    cap: { ...vault, slot, offset: 0, bits: 112 },
    outflowPpm: { ...vault, slot, offset: 112, bits: 32 },
    allowancePpm: { ...vault, slot, offset: 144, bits: 32 },
    period: { ...vault, slot, offset: 176, bits: 32 },
  };
}

/** OpenZeppelin: `struct RefillingBucket { uint208 _capacity; uint48 _window; mapping(bytes32 => …Item) _items; }` */
export function bucketAt(asset: Address): Record<"capacity" | "window", Place> {
  const slot = mapped(asset, ALLOWANCES);
  return { capacity: { ...vault, slot, offset: 0, bits: 208 }, window: { ...vault, slot, offset: 208, bits: 48 } };
}

/** OpenZeppelin: `struct RefillingBucketItem { uint208 _lastUsed; uint48 _lastTimepoint; }`, in the bucket's second word. */
export function bucketItemAt(asset: Address, account: Hash): Record<"lastUsed" | "lastTimepoint", Place> {
  const slot = mapped(account, after(mapped(asset, ALLOWANCES), 1n));
  return {
    lastUsed: { ...vault, slot, offset: 0, bits: 208 },
    lastTimepoint: { ...vault, slot, offset: 208, bits: 48 },
  };
}

/** `struct Registration { uint112 amount; uint112 paid; bool isPaid; bool isUsed; }` */
export function registrationAt(account: Hash, asset: Address): Record<"amount" | "paid" | "isPaid" | "isUsed", Place> {
  const slot = mapped(asset, mapped(account, REGISTRATIONS));
  return {
    amount: { ...vault, slot, offset: 0, bits: 112 },
    paid: { ...vault, slot, offset: 112, bits: 112 },
    isPaid: { ...vault, slot, offset: 224, bits: 8 },
    isUsed: { ...vault, slot, offset: 232, bits: 8 },
  };
}

/** `struct WindDown { uint112 registered; uint112 custody; bool isFixed; bool isUsed; }` */
export function windDownAt(asset: Address): Record<"registered" | "custody" | "isFixed" | "isUsed", Place> {
  const slot = mapped(asset, WIND_DOWNS);
  return {
    registered: { ...vault, slot, offset: 0, bits: 112 },
    custody: { ...vault, slot, offset: 112, bits: 112 },
    isFixed: { ...vault, slot, offset: 224, bits: 8 },
    isUsed: { ...vault, slot, offset: 232, bits: 8 },
  };
}
