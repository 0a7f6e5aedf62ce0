import type { Address, Hex } from "../../keeper/lib/hex.ts";
import type { UserCall } from "../../simulator/contracts/userCalls.ts";
import type { Lockstep } from "../fixtures/deployLockstep.ts";
import type { Request } from "./RealContracts.ts";

/** What somebody sends to the real contracts who asks for this; governance and the feed are the deployer's. */
export function requestOf(system: Lockstep, call: UserCall): Request {
  const { vault, settlement, registry, instruments, auction, ethFeed, usd, admin } = system;
  const governs = (to: { readonly target: unknown }, data: string): Request => requestFrom(admin.address, to, data);
  switch (call.kind) {
    case "deposit": {
      const { owner, account, amount } = call;
      const data = vault.interface.encodeFunctionData("deposit", [account, usd.target, amount]);
      return requestFrom(owner, vault, data);
    }
    case "withdraw": {
      const { owner, account, amount } = call;
      const data = vault.interface.encodeFunctionData("withdraw", [account, usd.target, amount, owner]);
      return requestFrom(owner, vault, data);
    }
    case "cancel-all": {
      const data = settlement.interface.encodeFunctionData("cancelAll", [call.account]);
      return requestFrom(call.owner, settlement, data);
    }
    case "cancel": {
      const { owner, account, lane, sequence } = call;
      const data = settlement.interface.encodeFunctionData("cancel", [account, lane, sequence]);
      return requestFrom(owner, settlement, data);
    }
    case "set-reward":
      return governs(registry, registry.interface.encodeFunctionData("setReward", [call.perBlock, call.maxBlocks]));
    case "set-debt-caps":
      return governs(instruments, instruments.interface.encodeFunctionData("setDebtCaps", [call.account, call.total]));
    case "set-auction-terms":
      return governs(auction, auction.interface.encodeFunctionData("setTerms", [call]));
    case "move-price":
      return governs(ethFeed, ethFeed.interface.encodeFunctionData("update", [call.answer]));
  }
}

function requestFrom(from: string, to: { readonly target: unknown }, data: string): Request {
  return { from: from as Address, to: to.target as Address, data: data as Hex };
}
