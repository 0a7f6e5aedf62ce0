import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { network } from "hardhat";

import type { MockToken } from "../../../../types/ethers-contracts/index.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { listCollateral } from "../../../helpers/assets.ts";
import { deployAuctions, type AuctionSystem } from "../../../helpers/liquidate.ts";
import { changeTerms, ETH_PRICE, readTerms, UNIT } from "../../../helpers/orders.ts";
import { Stage } from "./Stage.ts";

/** Instrument numbers of the options. */
export const CALL = 11;
export const PUT = 12;
/** Seconds. */
export const DAY = 86_400;

/** The deployment that every legality test plays on, and the accounts of its people. */
export interface Scene extends AuctionSystem {
  readonly erin: HardhatEthersSigner;
  readonly weth: MockToken;
  readonly stage: Stage;
  readonly accounts: Readonly<Record<"alice" | "bob" | "carol" | "dave" | "erin" | "fund", string>>;
}

/**
 * ETH at 3,000. Alice is long 10 with 4,000 dollars, bob is short 10, carol and dave are rich and flat. Erin has 10 WETH
 * (haircut 10 %) and is long 5 ETH without a dollar. Makers pay 100 ppm, takers 500. A call and a put at 3,000 in a week.
 */
export async function openScene(): Promise<Scene> {
  const parameters = { staleLimitSeconds: 40 * DAY, viewTimeSeconds: 40 * DAY, softTimeSeconds: 80 * DAY };
  const system = await deployAuctions(await network.create(), { parameters });
  const { alice, bob, carol, dave, orders, fund } = system;
  const erin = system.users[4]!;
  const weth = await system.ethers.deployContract("MockToken", ["Wrapped Ether", "WETH", 18]);
  const asset = await listCollateral(system, weth);
  await system.instruments.setDebtCaps(10_000n * UNIT, 100_000n * UNIT);
  await weth.mint(erin.address, 10n * UNIT);
  await weth.connect(erin).approve(system.vault.target, 10n * UNIT);
  await system.vault.connect(erin).deposit(accountOf(erin), asset, 10n * UNIT);
  await orders.trade(erin, bob, { size: 5n * UNIT });
  await changeTerms(system, 1, { makerFeePpm: 100, takerFeePpm: 500 });
  const terms = { ...(await readTerms(system, 1)), maxFundingPpm: 0 };
  const expiry = (await system.ethers.provider.getBlock("latest"))!.timestamp + 7 * DAY;
  await system.instruments.listOption(CALL, { ...terms, kind: 2 }, ETH_PRICE, expiry, 600_000, 250_000);
  await system.instruments.listOption(PUT, { ...terms, kind: 3 }, ETH_PRICE, expiry, 600_000, 250_000);
  const [a, b, c, d, e] = [alice, bob, carol, dave, erin].map((user) => accountOf(user)) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const accounts = { alice: a, bob: b, carol: c, dave: d, erin: e, fund: await fund.ACCOUNT() };
  return { ...system, erin, weth, stage: await Stage.open(system), accounts };
}
