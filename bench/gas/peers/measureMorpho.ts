import type { HardhatEthers, HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { Contract, ContractFactory, MaxUint256, type ContractTransactionResponse } from "ethers";
import type { NetworkManager } from "hardhat/types/network";

import { gasOf } from "../GasRecorder.ts";
import type { Operation, Peer } from "../GasRow.ts";
import { openGasNetwork } from "../openGasNetwork.ts";
import { compileMorpho, type CompiledContract } from "./compileMorpho.ts";

const UNIT = 10n ** 18n;
const DOLLAR = 10n ** 6n;
/** The price of ETH in dollars of six decimals, as Morpho's oracles scale it. */
const PRICE_SCALE = (10n ** 36n * DOLLAR) / UNIT;
const LLTV = (80n * UNIT) / 100n;

type Send = (...args: readonly unknown[]) => Promise<ContractTransactionResponse>;

/** A market of Morpho Blue with ETH as collateral, and people in it. */
interface MorphoMarket {
  readonly params: readonly unknown[];
  readonly borrower: HardhatEthersSigner;
  readonly liquidator: HardhatEthersSigner;
  /** Calls a function of Morpho as someone. */
  readonly as: (signer: HardhatEthersSigner, name: string) => Send;
  readonly setPrice: (dollars: bigint) => Promise<unknown>;
}

/**
 * Measures Morpho Blue 1.0.0 on the bench's chain, with the same token as our deposits, and from the same state: words
 * were used before, and who receives a token holds some.
 */
export async function measureMorpho(
  networks: NetworkManager,
  settings: Readonly<Record<string, unknown>>,
): Promise<Partial<Record<Operation, Peer>>> {
  const compiled = await compileMorpho(settings);
  const { connection } = await openGasNetwork(networks);
  try {
    const market = await deployMarket(connection.ethers, compiled);
    const { params, borrower, liquidator, as, setPrice } = market;
    const peer = async (name: string, sent: Promise<ContractTransactionResponse>): Promise<Peer> => {
      return { name: `Morpho Blue, ${name}`, gas: await gasOf(sent), measured: true };
    };
    const own = borrower.address;
    const supply = as(borrower, "supplyCollateral");
    const withdraw = async () => await as(borrower, "withdrawCollateral")(params, UNIT, own, own);
    const first = await peer("supplyCollateral", supply(params, 10n * UNIT, own, "0x"));
    const deposit = await peer("supplyCollateral", supply(params, 10n * UNIT, own, "0x"));
    await withdraw();
    const flat = await peer("withdrawCollateral without debt", withdraw());
    await as(borrower, "borrow")(params, 36_000n * DOLLAR, 0, own, own);
    await setPrice(3_001n);
    const secured = await peer("withdrawCollateral with debt", withdraw());
    await setPrice(2_500n);
    const liquidate = as(liquidator, "liquidate");
    await liquidate(params, own, UNIT, 0, "0x");
    await setPrice(2_501n);
    const sold = await peer("liquidate", liquidate(params, own, UNIT, 0, "0x"));
    return {
      "deposit-first": first,
      deposit,
      "withdraw-flat": flat,
      "withdraw-secured": secured,
      liquidate: sold,
    };
  } finally {
    await connection.close();
  }
}

async function deployMarket(
  ethers: HardhatEthers,
  compiled: Record<"Morpho" | "OracleMock" | "IrmMock", CompiledContract>,
): Promise<MorphoMarket> {
  const [owner, lender, borrower, liquidator] = (await ethers.getSigners()) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const deploy = async ({ abi, bytecode }: CompiledContract, ...args: unknown[]): Promise<Contract> => {
    const deployed = await new ContractFactory(abi, bytecode, owner).deploy(...args);
    return new Contract(await deployed.getAddress(), abi, owner);
  };
  const morpho = await deploy(compiled.Morpho, owner.address);
  const oracle = await deploy(compiled.OracleMock);
  const rates = await deploy(compiled.IrmMock);
  const usd = await ethers.deployContract("MockToken", ["US Dollar", "USD", 6]);
  const eth = await ethers.deployContract("MockToken", ["Ether", "ETH", 18]);
  for (const { address } of [lender, borrower, liquidator]) {
    await usd.mint(address, 1_000_000n * DOLLAR);
    await eth.mint(address, 1_000n * UNIT);
  }
  for (const signer of [lender, borrower, liquidator]) {
    for (const token of [usd, eth]) await token.connect(signer).approve(morpho.target, MaxUint256);
  }
  const as = (signer: HardhatEthersSigner, name: string): Send => {
    return new Contract(morpho.target, compiled.Morpho.abi, signer).getFunction(name) as unknown as Send;
  };
  const quote = oracle.getFunction("setPrice") as unknown as Send;
  const setPrice = async (dollars: bigint) => await quote(dollars * PRICE_SCALE);
  await setPrice(3_000n);
  const params = [usd.target, eth.target, oracle.target, rates.target, LLTV];
  await as(owner, "enableIrm")(rates.target);
  await as(owner, "enableLltv")(LLTV);
  await as(owner, "createMarket")(params);
  await as(lender, "supply")(params, 500_000n * DOLLAR, 0, lender.address, "0x");
  return { params, borrower, liquidator, as, setPrice };
}
