import { expect } from "chai";
import { AbiCoder, ContractFactory, Interface, JsonRpcProvider, type InterfaceAbi } from "ethers";
import { artifacts } from "hardhat";

import { evaluatePortfolio, type MarginPortfolio, type Valuation } from "../../../keeper/books/model/margin.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import { samples } from "../../helpers/samples.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { atTime, encodeRow, randomPortfolio, type PortfolioShape } from "../../helpers/MarginReference.ts";

const SEED = Number(process.env["LOCKSTEP_SEED"] ?? 20261121);

/** How many portfolios of which shape, and how many in one call: 100,000 together where all are tried. */
const SHAPES: readonly (readonly [string, number, number, PortfolioShape])[] = [
  ["perpetuals", 64_950, 500, { positions: 3, feeds: 2, optionPercent: 0, isExtreme: false }],
  ["perpetuals of any amount", 6_000, 500, { positions: 3, feeds: 2, optionPercent: 0, isExtreme: true }],
  ["options and perpetuals", 22_000, 100, { positions: 3, feeds: 2, optionPercent: 60, isExtreme: false }],
  ["options of any amount", 7_000, 100, { positions: 3, feeds: 2, optionPercent: 70, isExtreme: true }],
  ["up to thirty positions", 50, 10, { positions: 30, feeds: 4, optionPercent: 70, isExtreme: false }],
];

/** On Anvil, which does such calls several times as fast as the network inside Hardhat. */
describe("the model of MarginEngine", function () {
  this.timeout(300_000);
  let node: LocalNode;
  let harness: string;
  let engine: string;

  before(async () => {
    const signal = new AbortController().signal;
    node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal });
    const signer = await new JsonRpcProvider(node.url, undefined, { staticNetwork: true }).getSigner(0);
    const deploy = async (name: string, ...parameters: unknown[]): Promise<string> => {
      const { abi, bytecode } = await artifacts.readArtifact(name);
      const contract = await new ContractFactory(abi as InterfaceAbi, bytecode, signer).deploy(...parameters);
      return (await contract.waitForDeployment()).getAddress();
    };
    harness = await deploy("MarginHarness");
    engine = await deploy("MarginEngine", harness, harness);
    signer.provider.destroy();
  });

  after(() => node.stop());

  for (const [name, whole, batch, shape] of SHAPES) {
    const count = samples(whole, 10);
    it(`agrees with the contract bit for bit on ${count} portfolios: ${name} (seed ${SEED})`, async () => {
      const random = new SeededRandom(SEED);
      let asking = 0;
      for (let done = 0; done < count; done += batch) {
        const portfolios = Array.from({ length: Math.min(batch, count - done) }, () => randomPortfolio(random, shape));
        const { now, valuations } = await evaluateOnChain(portfolios);
        for (const [i, portfolio] of portfolios.entries()) {
          const expected = evaluatePortfolio(atTime(portfolio, now));
          if (!isSame(expected, valuations[i]!)) expect(valuations[i], print(portfolio)).to.deep.equal(expected);
          if (expected.initial > 0n) asking += 1;
        }
      }
      // Random portfolios that ask for nothing would compare nothing.
      expect(asking).to.be.greaterThan(count / 2);
    });
  }

  async function evaluateOnChain(
    portfolios: readonly MarginPortfolio[],
  ): Promise<{ now: bigint; valuations: Valuation[] }> {
    const rows = portfolios.map(encodeRow).flatMap((row) => [BigInt(row.length), ...row]);
    const head = AbiCoder.defaultAbiCoder().encode(
      ["address", "uint256", "uint256", "uint256"],
      [engine, 96, portfolios.length, rows.length],
    );
    const words = rows.map((word) => word.toString(16).padStart(64, "0")).join("");
    const call = { to: harness, data: `${SELECTOR}${head.slice(2)}${words}`, gas: "0x100000000" };
    const answer = (await callNode(node.url, "eth_call", [call, "latest"], 60_000)) as string;
    const word = (i: number): bigint => BigInt(`0x${answer.slice(2 + 64 * i, 2 + 64 * (i + 1))}`);
    // The time, where the valuations start, their number; then six words each.
    const valuations = portfolios.map((_, i) => ({
      equity: BigInt.asIntN(256, word(6 * i + 3)),
      cash: BigInt.asIntN(256, word(6 * i + 4)),
      initial: word(6 * i + 5),
      maintenance: word(6 * i + 6),
      lagPremium: word(6 * i + 7),
      isValid: word(6 * i + 8) === 1n,
    }));
    return { now: word(0), valuations };
  }
});

const SELECTOR = new Interface(["function evaluateAll(address, uint256[], uint256)"]).getFunction(
  "evaluateAll",
)!.selector;

function isSame(a: Valuation, b: Valuation): boolean {
  return (
    a.equity === b.equity &&
    a.cash === b.cash &&
    a.initial === b.initial &&
    a.maintenance === b.maintenance &&
    a.lagPremium === b.lagPremium &&
    a.isValid === b.isValid
  );
}

function print(portfolio: MarginPortfolio): string {
  return JSON.stringify(portfolio, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value), 1);
}
