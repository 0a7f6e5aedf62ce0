import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { Signature } from "ethers";

import type { PermitToken } from "../../../../types/ethers-contracts/index.ts";
import { depositUsd, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { COLLATERAL, listCollateral } from "../../../helpers/assets.ts";
import { passTime } from "./stage.ts";

const USD = 1_000_000n;
/** The token of the tour has 8 decimals. */
const COIN = 10n ** 8n;
const PERIOD = 600;
/** One coin may leave at once, and two more of each account. */
const NARROW = { cap: 100n * COIN, outflowPpm: 10_000n, allowancePpm: 20_000n, period: BigInt(PERIOD) };

/** Deposits `amount` of a token with a permit. */
async function depositWithPermit(
  { vault, ethers }: Lockstep,
  token: PermitToken,
  owner: HardhatEthersSigner,
  amount: bigint,
): Promise<void> {
  const { chainId } = await ethers.provider.getNetwork();
  const deadline = 2n ** 48n;
  const asset = token.target as string;
  const message = {
    owner: owner.address,
    spender: vault.target,
    value: amount,
    nonce: await token.nonces(owner),
    deadline,
  };
  const types = ["owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256"];
  const signed = await owner.signTypedData(
    { name: "Permit", version: "1", chainId, verifyingContract: asset },
    { Permit: types.map((field) => ({ name: field.split(":")[0]!, type: field.split(":")[1]! })) },
    message,
  );
  const { v, r, s } = Signature.from(signed);
  await vault.connect(owner).depositWithPermit(accountOf(owner), asset, amount, deadline, v, r, s);
}

/** Another asset, with a permit and within narrow limits: beyond the shared one the account's own allowance pays. */
async function tourLimits(system: Lockstep, user: HardhatEthersSigner): Promise<PermitToken> {
  const { vault, ethers } = system;
  const token = await ethers.deployContract("PermitToken");
  const asset = await listCollateral(system, token, NARROW);
  const withdraw = async (amount: bigint): Promise<void> => {
    await vault.connect(user).withdraw(accountOf(user), asset, amount, user.address);
  };
  await token.mint(user.address, 100n * COIN);
  // Another asset before the settlement asset: the flow of both opens.
  await depositWithPermit(system, token, user, 10n * COIN);
  // What the deposit brought may leave at once, and later no more than the limit: one coin.
  await withdraw(3n * COIN);
  await passTime(system, 10 * PERIOD);
  await withdraw((2n * COIN) / 5n);
  await withdraw(COIN);
  await passTime(system, PERIOD / 6);
  await withdraw((19n * COIN) / 20n + 1n);
  await system.instruments.setCollateral(asset, COLLATERAL.feed, 150_000);
  await vault.setLimits(asset, { ...NARROW, cap: 10n ** 6n * COIN, period: 86_400n });
  await withdraw(2n * COIN);
  await withdraw(await system.ledger.collateralOf(accountOf(user), asset));
  return token;
}

/** Deposits, withdrawals, limits, a claim kept and paid, of two assets. */
export async function tourVault(system: Lockstep): Promise<PermitToken> {
  const { vault, usd } = system;
  const [first, second] = system.users as [HardhatEthersSigner, HardhatEthersSigner];
  const token = await tourLimits(system, first);
  for (const user of [first, second, system.users[2]!]) await depositUsd(system, user, 100_000n * USD);
  await usd.setBlocked(second.address, true);
  await vault.connect(second).withdraw(accountOf(second), usd.target, 40n * USD, second.address);
  await vault.connect(second).withdraw(accountOf(second), usd.target, 2n * USD, second.address);
  await vault.connect(second).claim(accountOf(second), usd.target, first.address);
  await usd.setBlocked(second.address, false);
  return token;
}
