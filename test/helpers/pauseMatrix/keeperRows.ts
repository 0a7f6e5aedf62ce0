import { bondKeeper } from "../keepers.ts";
import { CANDIDATE, dismiss, FRESH, keyOf } from "./keepers.ts";
import { everywhere, SUCCEEDS, type Row } from "./Row.ts";
import type { Stage } from "./stage.ts";

const CONTRACT = "KeeperRegistry";
const UNAUTHORIZED = everywhere("AccessManagedUnauthorized");
/** While nothing trades, keepers may go: a halt without a quorum is what it would lead to. */
const UNLESS_HALTED = everywhere("KeeperRegistryTooFew", { Halted: SUCCEEDS, "Wind-down": SUCCEEDS });

const attesterOf = (index: number) => (stage: Stage) => [stage.keepers[index]!.attester.address];

/** The stranger has what a bond takes. */
async function payBond({ keeperRegistry, bondToken, stranger }: Stage): Promise<void> {
  const amount = await keeperRegistry.BOND();
  await bondToken.mint(stranger.address, amount);
  await bondToken.connect(stranger).approve(keeperRegistry.target, amount);
}

const JOINING: readonly Row[] = [
  {
    ...{ contract: CONTRACT, fn: "approve", by: "governance", situation: "", from: (stage) => stage.admin },
    args: (stage) => [keyOf("attester"), keyOf("pauser"), stage.stranger.address],
    outcomes: everywhere(SUCCEEDS),
  },
  { ...{ contract: CONTRACT, fn: "approve", by: "anyone else", situation: "" }, outcomes: UNAUTHORIZED },
  {
    ...{ contract: CONTRACT, fn: "bond", situation: "of a keeper that is approved", prepare: payBond },
    ...{ args: () => [CANDIDATE.approved], outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: CONTRACT, fn: "bond", situation: "of a keeper that nobody has approved", prepare: payBond },
    ...{ args: () => [keyOf("unknown")], outcomes: everywhere("KeeperRegistryWrongStatus") },
  },
  {
    ...{ contract: CONTRACT, fn: "activate", situation: "after the join delay" },
    ...{ args: () => [CANDIDATE.bonded], outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: CONTRACT, fn: "activate", situation: "within the join delay" },
    prepare: async (stage) => await bondKeeper(stage, CANDIDATE.approved),
    ...{ args: () => [CANDIDATE.approved], outcomes: everywhere("KeeperRegistryTooEarly") },
  },
];

type Common = Omit<Row, "situation" | "outcomes">;

const exit: Common = {
  ...{ contract: CONTRACT, fn: "requestExit", by: "bond owner", from: (stage) => stage.bondOwner },
  args: attesterOf(FRESH),
};
const remove: Common = {
  ...{ contract: CONTRACT, fn: "remove", by: "governance", from: (stage) => stage.admin },
  args: attesterOf(FRESH),
};
const freedBond = { contract: CONTRACT, fn: "withdrawBond" } as const;

const LEAVING: readonly Row[] = [
  { ...exit, situation: "a quorum is left", outcomes: everywhere(SUCCEEDS) },
  {
    ...{ ...exit, situation: "too few are left" },
    prepare: async (stage) => await dismiss(stage, 2, "requestExit"),
    outcomes: UNLESS_HALTED,
  },
  {
    ...{ contract: CONTRACT, fn: "requestExit", by: "anyone else", situation: "" },
    ...{ args: attesterOf(FRESH), outcomes: everywhere("KeeperRegistryNotOwner") },
  },
  { ...remove, situation: "a quorum is left", outcomes: everywhere(SUCCEEDS) },
  {
    ...{ ...remove, situation: "too few are left, which halts" },
    prepare: async (stage) => await dismiss(stage, 3, "remove"),
    outcomes: everywhere(SUCCEEDS),
  },
  { ...{ contract: CONTRACT, fn: "remove", by: "anyone else", situation: "" }, outcomes: UNAUTHORIZED },
  {
    ...{ contract: CONTRACT, fn: "closeSeat", by: "governance", situation: "a convicted keeper left a vacant one" },
    ...{ from: (stage) => stage.admin, args: () => [], outcomes: everywhere(SUCCEEDS) },
  },
  { ...{ contract: CONTRACT, fn: "closeSeat", by: "anyone else", situation: "" }, outcomes: UNAUTHORIZED },
  {
    ...{ ...freedBond, situation: "after the time of unbonding" },
    ...{ args: () => [CANDIDATE.left], outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ ...freedBond, situation: "before its end" },
    prepare: async ({ keeperRegistry, bondOwner, fresh }) =>
      await keeperRegistry.connect(bondOwner).requestExit(fresh.attester.address),
    ...{ args: attesterOf(FRESH), outcomes: everywhere("KeeperRegistryTooEarly") },
  },
];

const MONEY: readonly Row[] = [
  {
    ...{ contract: CONTRACT, fn: "claimReward", by: "challenger", situation: "", from: (stage) => stage.challenger },
    ...{ args: (stage) => [stage.challenger.address], outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: CONTRACT, fn: "claimReward", by: "anyone else", situation: "" },
    ...{ args: (stage) => [stage.stranger.address], outcomes: everywhere("KeeperRegistryNothingDue") },
  },
  {
    ...{ contract: CONTRACT, fn: "burn", situation: "a keeper was convicted" },
    ...{ args: () => [], outcomes: everywhere(SUCCEEDS) },
  },
];

/** How keepers come and go, and what becomes of their bonds. */
export const KEEPER_ROWS: readonly Row[] = [...JOINING, ...LEAVING, ...MONEY];
