import { expect } from "chai";
import { JsonRpcProvider, Wallet, type TransactionRequest } from "ethers";

import { readRefusal, type RefusalKind } from "../../../keeper/actions/plan/sendRefusal.ts";
import { developmentWallet } from "../../../scripts/local/accounts.ts";
import { startNode } from "../../../scripts/local/startNode.ts";

const GWEI = 10n ** 9n;

/** What other clients answer, from their sources. */
const ELSEWHERE: readonly (readonly [string, RefusalKind | null])[] = [
  ["already known", null],
  ["AlreadyKnown", null],
  ["known transaction: 0x12", null],
  ["replacement transaction underpriced", "outbid"],
  ["ReplacementNotAllowed", "outbid"],
  ["could not replace existing tx", "outbid"],
  ["nonce too low: next nonce 5, tx nonce 4", "nonce-used"],
  ["OldNonce", "nonce-used"],
  ["insufficient funds for gas * price + value: balance 1, tx cost 2, overshot 1", "unfunded"],
  ["InsufficientFunds, Balance is 0 less than sending value", "unfunded"],
  ["transaction underpriced: tip needed 1, tip permitted 0", "fee-too-low"],
  ["max fee per gas less than block base fee: address 0x, maxFeePerGas: 1, baseFee: 7", "fee-too-low"],
  ["FeeTooLow", "fee-too-low"],
  ["invalid sender", "invalid"],
  ["intrinsic gas too low: gas 1, minimum needed 21000", "invalid"],
  ["exceeds block gas limit", "invalid"],
  ["the moon is full", "other"],
];

describe("readRefusal", function () {
  this.timeout(60_000);

  for (const [message, kind] of ELSEWHERE) {
    it(`takes "${message}" for ${kind ?? "taken"}`, () => {
      expect(readRefusal(message, true)?.kind ?? null).to.equal(kind);
    });
  }

  it("does not read a refusal into a source that was not heard", () => {
    expect(readRefusal("nonce too low", false)).to.deep.equal({ kind: "unreachable", detail: "nonce too low" });
  });

  for (const kind of ["anvil", "hardhat"] as const) {
    describe(`what ${kind} says`, () => {
      let end: (() => Promise<void>) | undefined;
      let provider: JsonRpcProvider;
      let wallet: Wallet;

      before(async () => {
        const node = await startNode({ chain: kind, port: 0, host: "127.0.0.1", signal: new AbortController().signal });
        provider = new JsonRpcProvider(node.url, undefined, { staticNetwork: true, batchMaxCount: 1 });
        wallet = developmentWallet(3).connect(provider);
        await provider.send("evm_setAutomine", [false]);
        end = async () => {
          provider.destroy();
          await node.stop();
        };
      });

      after(() => end?.());

      async function refusalOf(from: Wallet, changes: TransactionRequest): Promise<RefusalKind | "taken"> {
        const { chainId } = await provider.getNetwork();
        const request = { type: 2, chainId, to: from.address, gasLimit: 21_000n, maxFeePerGas: 10n * GWEI };
        const raw = await from.signTransaction({ ...request, maxPriorityFeePerGas: GWEI, nonce: 0, ...changes });
        try {
          await provider.send("eth_sendRawTransaction", [raw]);
          return "taken";
        } catch (error: unknown) {
          const inner = error as { error?: { message?: string }; info?: { error?: { message?: string } } };
          const message = inner.error?.message ?? inner.info?.error?.message ?? String(error);
          return readRefusal(message, true)?.kind ?? "taken";
        }
      }

      it("to the same again, to one that pays less, and to one that pays enough more", async () => {
        expect(await refusalOf(wallet, {})).to.equal("taken");
        expect(await refusalOf(wallet, {})).to.equal("taken");
        expect(await refusalOf(wallet, { maxFeePerGas: 9n * GWEI })).to.equal("outbid");
        expect(await refusalOf(wallet, { maxFeePerGas: 13n * GWEI, maxPriorityFeePerGas: 2n * GWEI })).to.equal(
          "taken",
        );
      });

      it("to a nonce that is used, and to an account without money", async () => {
        await provider.send("evm_mine", []);
        expect(await refusalOf(wallet, {})).to.equal("nonce-used");
        const poor = new Wallet(`0x${"11".repeat(32)}`, provider);
        expect(await refusalOf(poor, {})).to.equal("unfunded");
      });
    });
  }
});
