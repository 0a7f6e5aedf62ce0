import { decodeEvent, storage, type CollateralVaultEvent } from "../generated/CollateralVault.ts";
import type { Reducer } from "../Reducer.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = ["_authority", "_consumingSchedule", "_assets", "_flows", "_claims"] as const;

export const collateralVault: Reducer<CollateralVaultEvent> = {
  book: "CollateralVault",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        context.write(
          storage.word0.slot,
          storage.word0.encode({ authority: event.authority, consumingSchedule: false }),
        );
        return;
      case "AssetListed": {
        const slot = storage.assets.slot(event.asset);
        context.write(slot, storage.assets.encode({ ...storage.assets.decode(context.read(slot)), isListed: true }));
        return;
      }
      case "Deposited": {
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
        return;
      }
      case "Withdrawn": {
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
        return;
      }
      case "ClaimKept": {
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
        return;
      }
      case "Claimed": {
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
        return;
      }
    }
  },
};
