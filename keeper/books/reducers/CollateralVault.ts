import {
  decodeEvent,
  storage,
  type ClaimedEvent,
  type ClaimKeptEvent,
  type CollateralVaultEvent,
  type DepositedEvent,
  type WithdrawnEvent,
} from "../generated/CollateralVault.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = ["_authority", "_consumingSchedule", "_assets", "_flows", "_claims"] as const;

/** The first deposit of an asset opens its flow, and the flow of the settlement asset. */
function applyDeposit(event: DepositedEvent, context: ReducerContext): void {
  const slot = storage.assets.slot(event.asset);
  const asset = storage.assets.decode(context.read(slot));
  const held = asset.held + event.amount;
  context.expect("held", event.held, held);
  context.write(slot, storage.assets.encode({ ...asset, held }));
  const flowSlot = storage.flows.slot(event.account, event.asset);
  if (storage.flows.decode(context.read(flowSlot)).isOpen) return;
  for (const opened of [flowSlot, storage.flows.slot(event.account, context.immutables.settlementAsset)]) {
    const flow = storage.flows.decode(context.read(opened));
    context.write(opened, storage.flows.encode({ ...flow, isOpen: true }));
  }
}

function applyWithdrawal(event: WithdrawnEvent, context: ReducerContext): void {
  const slot = storage.assets.slot(event.asset);
  const asset = storage.assets.decode(context.read(slot));
  const held = asset.held - event.amount;
  context.expect("held", event.held, held);
  const flowSlot = storage.flows.slot(event.account, event.asset);
  const flow = storage.flows.decode(context.read(flowSlot));
  const withdrawn = flow.withdrawn + event.amount;
  context.expect("withdrawn", event.withdrawn, withdrawn);
  context.write(flowSlot, storage.flows.encode({ ...flow, withdrawn }));
  context.write(slot, storage.assets.encode({ ...asset, held }));
}

function applyClaimKept(event: ClaimKeptEvent, context: ReducerContext): void {
  const slot = storage.assets.slot(event.asset);
  const asset = storage.assets.decode(context.read(slot));
  const claimable = asset.claimable + event.amount;
  context.expect("claimable", event.claimable, claimable);
  const claimSlot = storage.claims.slot(event.account, event.asset);
  const claim = storage.claims.decode(context.read(claimSlot));
  const owed = claim.owed + event.amount;
  context.expect("owed", event.owed, owed);
  context.write(claimSlot, storage.claims.encode({ ...claim, owed }));
  context.write(slot, storage.assets.encode({ ...asset, claimable }));
}

function applyClaim(event: ClaimedEvent, context: ReducerContext): void {
  const slot = storage.assets.slot(event.asset);
  const asset = storage.assets.decode(context.read(slot));
  const claimable = asset.claimable - event.amount;
  context.expect("claimable", event.claimable, claimable);
  const claimSlot = storage.claims.slot(event.account, event.asset);
  const claim = storage.claims.decode(context.read(claimSlot));
  const paid = claim.paid + event.amount;
  context.expect("paid", event.paid, paid);
  const flowSlot = storage.flows.slot(event.account, event.asset);
  const flow = storage.flows.decode(context.read(flowSlot));
  const claimed = flow.claimed + event.amount;
  context.expect("claimed", event.claimed, claimed);
  context.write(claimSlot, storage.claims.encode({ ...claim, paid }));
  context.write(flowSlot, storage.flows.encode({ ...flow, claimed }));
  context.write(slot, storage.assets.encode({ ...asset, claimable }));
}

/** Keeps what the vault holds of each asset, what flowed out by account, and the claims it still owes. */
export const collateralVault: Reducer<CollateralVaultEvent> = {
  book: "CollateralVault",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "AssetListed": {
        const slot = storage.assets.slot(event.asset);
        context.write(slot, storage.assets.encode({ ...storage.assets.decode(context.read(slot)), isListed: true }));
        return;
      }
      case "Deposited":
        applyDeposit(event, context);
        return;
      case "Withdrawn":
        applyWithdrawal(event, context);
        return;
      case "ClaimKept":
        applyClaimKept(event, context);
        return;
      case "Claimed":
        applyClaim(event, context);
        return;
    }
  },
};
