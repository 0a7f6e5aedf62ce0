import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { Signature } from "ethers";
import { network } from "hardhat";

import type { PermitToken } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { listCollateral } from "../../helpers/assets.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const FAR = 2 ** 40;
const PERMIT = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

interface Scene {
  readonly system: Lockstep;
  readonly token: PermitToken;
}

async function scene(): Promise<Scene> {
  const system = await deployLockstep(connection);
  const token = await system.ethers.deployContract("PermitToken");
  await listCollateral(system, token);
  await token.mint(system.users[0]!.address, 100n);
  return { system, token };
}

describe("CollateralVault > depositWithPermit", () => {
  let system: Lockstep;
  let token: PermitToken;

  beforeEach(async () => {
    ({ system, token } = await networkHelpers.loadFixture(scene));
  });

  const owner = () => system.users[0]!;

  /** What `owner` signs to let the vault take `value`. */
  async function sign(value: bigint, deadline = FAR): Promise<Signature> {
    const { chainId } = await system.ethers.provider.getNetwork();
    const domain = { name: "Permit", version: "1", chainId, verifyingContract: token.target as string };
    const nonce = await token.nonces(owner().address);
    const message = { owner: owner().address, spender: system.vault.target, value, nonce, deadline };
    return Signature.from(await owner().signTypedData(domain, PERMIT, message));
  }

  const deposit = async (by: HardhatEthersSigner, value: bigint, { v, r, s }: Signature, deadline = FAR) =>
    await system.vault.connect(by).depositWithPermit(accountOf(by), token.target, value, deadline, v, r, s);

  it("deposits in one transaction what the owner signed", async () => {
    const { vault, ledger } = system;
    await expect(deposit(owner(), 60n, await sign(60n)))
      .to.emit(vault, "Deposited")
      .and.to.emit(token, "Approval")
      .withArgs(owner().address, vault.target, 60);
    expect(await ledger.collateralOf(accountOf(owner()), token.target)).to.equal(60);
    expect(await token.allowance(owner().address, vault.target)).to.equal(0);
  });

  it("uses the payer's permit for any account of the payer, and for nobody else's", async () => {
    const { vault, users, ledger } = system;
    const { v, r, s } = await sign(60n);
    const [own, other] = [accountOf(owner(), 7), accountOf(users[4]!)];
    const give = async (account: string) =>
      await vault.connect(owner()).depositWithPermit(account, token.target, 60n, FAR, v, r, s);
    await expect(give(other)).to.be.revertedWithCustomError(vault, "VaultNotOwner").withArgs(other, owner().address);
    await give(own);
    expect(await ledger.collateralOf(own, token.target)).to.equal(60);
  });

  it("is not stopped by somebody who used the permit first", async () => {
    const { vault, users, ledger } = system;
    const { v, r, s } = await sign(60n);
    await token.connect(users[3]!).permit(owner().address, vault.target, 60n, FAR, v, r, s);
    await deposit(owner(), 60n, Signature.from({ v, r, s }));
    expect(await ledger.collateralOf(accountOf(owner()), token.target)).to.equal(60);
  });

  it("refuses a permit that is expired, for less, or of another owner, when nothing else allows it", async () => {
    const { users } = system;
    const expired = (await networkHelpers.time.latest()) - 1;
    await expect(deposit(owner(), 60n, await sign(60n, expired), expired))
      .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
      .withArgs(system.vault.target, 0, 60);
    await expect(deposit(owner(), 60n, await sign(59n))).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );
    // A thief credits itself with what the owner signed: the permit is tried in the thief's name.
    await expect(deposit(users[3]!, 60n, await sign(60n))).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );
    expect(await token.balanceOf(owner().address)).to.equal(100);
  });

  it("deposits from an allowance when the token knows no permits", async () => {
    const { vault, usd, ledger } = system;
    const account = accountOf(owner());
    const { v, r, s } = await sign(1n);
    await usd.mint(owner().address, 5n);
    await usd.connect(owner()).approve(vault.target, 5n);
    await vault.connect(owner()).depositWithPermit(account, usd.target, 5n, FAR, v, r, s);
    expect(await ledger.quoteOf(account)).to.equal(5n * 10n ** 12n);
  });

  it("calls nothing that is not listed, and refuses what a deposit refuses", async () => {
    const { vault, ethers, usd } = system;
    const other = await ethers.deployContract("PermitToken");
    const { v, r, s } = await sign(1n);
    const account = accountOf(owner());
    const attempt = async (asset: string, to = account, amount = 1n) =>
      await vault.connect(owner()).depositWithPermit(to, asset, amount, FAR, v, r, s);
    await expect(attempt(other.target as string))
      .to.be.revertedWithCustomError(vault, "VaultUnlistedAsset")
      .withArgs(other.target);
    await expect(attempt(usd.target as string, account, 0n)).to.be.revertedWithCustomError(vault, "VaultZeroAmount");
    await expect(attempt(usd.target as string, `0x${"00".repeat(32)}`)).to.be.revertedWithCustomError(
      vault,
      "VaultZeroAddress",
    );
    await depositUsd(system, owner(), 1n);
  });
});
