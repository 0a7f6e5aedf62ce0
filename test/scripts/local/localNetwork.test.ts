import { expect } from "chai";

import { accountIdOf, addressOf, developmentWallet } from "../../../scripts/local/accounts.ts";
import {
  illegalTrade,
  lootAccount,
  migrateQuote,
  withdrawal,
  witnessedWithdrawal,
} from "../../../scripts/local/attack.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import { markForkPoint, tamperStorage } from "../../../testing/chainControl.ts";
import { rpcAt } from "../../../testing/Rpc.ts";
import { deployLockstep } from "../../../scripts/local/deployLockstep.ts";
import type { DeployLockstepOptions } from "../../../scripts/local/deployLockstep.ts";
import { Market } from "../../../scripts/local/Market.ts";
import { INSTRUMENTS } from "../../../scripts/local/marketState.ts";
import { startNode } from "../../../scripts/local/startNode.ts";
import type { LocalNode } from "../../../scripts/local/startNode.ts";
import { ledgerAccountSlot } from "../../../scripts/local/witness.ts";
import { pauseSoftly, postCheckpoint } from "./postCheckpoint.ts";

const SEED = 20_261;
const STEPS = 30;
const USD = 10n ** 6n;
const HOST = "127.0.0.1";
const TRADERS = [5, 6, 7, 8, 9];

for (const chain of ["hardhat", "anvil"] as const) {
  describe(`local network on ${chain} (seed ${SEED})`, function () {
    this.timeout(30_000);
    const end = new AbortController();
    let node: LocalNode;
    let market: Market;

    async function open(module: DeployLockstepOptions["module"]): Promise<Market> {
      const deployment = await deployLockstep({ url: node.url, module });
      const opened = new Market({ url: node.url, deployment, seed: SEED, log: () => undefined });
      await opened.prepare();
      return opened;
    }

    async function steps(count: number): Promise<string[]> {
      const lines: string[] = [];
      for (let step = 0; step < count; step += 1) lines.push(await market.step());
      return lines;
    }

    before(async () => {
      node = await startNode({ chain, port: 0, host: HOST, signal: end.signal });
      market = await open("Lockstep");
    });

    after(() => node.stop());

    it("deploys every contract, from the deployment block on", async () => {
      const { contracts, deploymentBlock, chainId } = market.chain.deployment;
      expect(chainId).to.equal(31_337);
      const codeAt = (address: string, block: number) =>
        callNode(node.url, "eth_getCode", [address, `0x${block.toString(16)}`]);
      for (const address of Object.values(contracts)) {
        expect(address).to.match(/^0x[0-9a-f]{40}$/);
        expect(await codeAt(address, deploymentBlock - 1)).to.equal("0x");
        expect(await callNode(node.url, "eth_getCode", [address, "latest"])).to.have.length.above(100);
      }
      expect(Object.keys(contracts)).to.have.length(17);
    });

    it("accepts every step of the market, and the books stay conserved", async () => {
      const lines = await steps(STEPS);
      expect(lines.filter((line) => !/ \(block \d+\)$/.test(line) || /^(?:error|refused):/.test(line))).to.deep.equal(
        [],
      );
      expect(lines.filter((line) => line.includes(" buys "))).to.have.length.above(STEPS / 5);

      const [hot, fund, asset, ...markets] = (await market.chain.read([
        { contract: "PositionLedger", fn: "hotWord" },
        { contract: "InsuranceFund", fn: "ACCOUNT" },
        { contract: "CollateralVault", fn: "assetOf", args: [market.chain.address("SettlementToken")] },
        ...INSTRUMENTS.map(({ id }) => ({ contract: "PositionLedger" as const, fn: "marketOf", args: [id] })),
      ])) as [{ readonly fees: bigint }, string, unknown, ...{ readonly clearing: bigint }[]];
      const accounts = [...TRADERS.map((index) => accountIdOf(developmentWallet(index))), fund];
      const quotes = (await market.chain.read(
        accounts.map((account) => ({ contract: "PositionLedger" as const, fn: "quoteOf", args: [account] })),
      )) as bigint[];
      const cleared = markets.map(({ clearing }) => clearing);
      const total = [...quotes, ...cleared].reduce((sum, quote) => sum + quote, hot.fees);
      expect(total - quotes.slice(0, -1).reduce((sum, quote) => sum + quote, 0n) > 0n, "fees").to.equal(true);
      expect(total).to.equal((asset as { readonly held: bigint }).held * 10n ** 12n);
    });

    it("prepares once: a second time changes nothing but the feeds", async () => {
      const before = await market.chain.readHead();
      await market.prepare();
      const after = await market.chain.readHead();
      expect(after.number - before.number).to.equal(2);
    });

    it("goes on after a reorg took its last transactions back", async () => {
      const point = await markForkPoint(rpcAt(node.url));
      await steps(3);
      const { depth, orphaned, canonical } = await point.reorg();
      expect(depth).to.equal(3);
      expect(canonical).to.not.equal(orphaned);
      expect((await market.chain.readHead()).number).to.equal(point.number + 4);
      expect((await steps(3)).filter((line) => line.startsWith("error"))).to.deep.equal([]);
    });

    it("refuses the attacks", async () => {
      const thief = developmentWallet(9);
      const trade = await illegalTrade(market.chain, { amount: 100_000n * USD });
      expect(trade).to.include({ accepted: false, error: "LedgerBelowInitialMargin" });
      const theft = await withdrawal(market.chain, { owner: thief, account: lootAccount(thief), amount: USD });
      expect(theft).to.include({ accepted: false, error: "LedgerBelowInitialMargin" });
      const migration = await migrateQuote(market.chain, { by: thief, quote: 10n ** 24n });
      expect(migration).to.include({ accepted: false, error: "Reverted" });
    });

    it("lets the two-witness rule cap a withdrawal while paused, and the market refuse by name", async () => {
      const { chain: ledger } = market;
      const owner = developmentWallet(6);
      const account = accountIdOf(owner, 5n);
      const asset = ledger.address("SettlementToken");
      const deposit = (amount: bigint) => ledger.attempt(owner, "CollateralVault", "deposit", [account, asset, amount]);
      // Without a checkpoint, everybody leaves with what he brought: nothing yet.
      expect(await witnessedWithdrawal(ledger, { owner, account })).to.include({ error: "VaultZeroAmount" });
      await deposit(1_000n * USD);
      expect(await postCheckpoint(ledger)).to.include({ accepted: true });
      await deposit(500n * USD);
      expect(await pauseSoftly(ledger)).to.include({ accepted: true });

      const plain = await withdrawal(ledger, { owner, account, amount: USD });
      expect(plain).to.include({ accepted: false, error: "LedgerWithdrawalRestricted" });
      const capped = await witnessedWithdrawal(ledger, { owner, account, amount: 1_700n * USD });
      expect(capped).to.include({ accepted: true, capped: true, payable: 1_500n * USD, amount: 1_500n * USD });
      const again = await witnessedWithdrawal(ledger, { owner, account, amount: USD });
      expect(again).to.include({ accepted: false, error: "VaultAboveWitnessed", payable: 0n });

      const lines = await steps(STEPS);
      expect(lines.filter((line) => line.startsWith("error"))).to.deep.equal([]);
      expect(lines.filter((line) => /^refused: .*\(Ledger(?:Increase|Withdrawal)Restricted\)$/.test(line))).to.not.be
        .empty;
      expect(lines.filter((line) => line.includes("deposits"))).to.not.be.empty;
      const reductions = lines.filter((line) => /\((?:reduces|closes)\) buys .*\((?:reduces|closes)\)/.test(line));
      expect(reductions).to.not.be.empty;
      expect(reductions.filter((line) => line.startsWith("refused"))).to.deep.equal([]);
    });

    it("writes storage behind the contract's back", async () => {
      const account = accountIdOf(developmentWallet(7), 77n);
      const before = await market.chain.readHead();
      const address = market.chain.address("PositionLedger");
      const block = await tamperStorage(rpcAt(node.url), { address, slot: ledgerAccountSlot(account), value: 42n });
      expect(block).to.equal(before.number + 1);
      expect(await market.chain.ask("PositionLedger", "quoteOf", [account])).to.include({ value: 42n });
    });

    it("accepts the migration of the flawed protocol", async () => {
      const flawed = await open("FlawedLockstep");
      const by = developmentWallet(9);
      const migration = await migrateQuote(flawed.chain, { by, account: lootAccount(by), quote: 5n * 10n ** 18n });
      expect(migration).to.include({ accepted: true, amount: 5n * USD });
      const theft = await withdrawal(flawed.chain, { owner: by, account: lootAccount(by), amount: 5n * USD });
      expect(theft).to.include({ accepted: true });
    });

    it("accepts the illegal trade of the lax protocol, and its loot leaves", async () => {
      const lax = await open("LaxLockstep");
      const owner = developmentWallet(9);
      const amount = 100_000n * USD;
      expect(await illegalTrade(lax.chain, { amount })).to.include({ accepted: true });
      expect(await withdrawal(lax.chain, { owner, account: lootAccount(owner), amount })).to.include({
        accepted: true,
      });
      const balance = await lax.chain.ask("SettlementToken", "balanceOf", [addressOf(owner)]);
      expect(balance).to.include({ value: (1_000_000_000n - 250_000n + 100_000n) * USD });
    });
  });

  describe(`local network on ${chain} with a block time`, function () {
    this.timeout(30_000);

    it("deploys without waiting for its blocks, and the market runs at their pace", async () => {
      const end = new AbortController();
      const node = await startNode({ chain, port: 0, host: HOST, signal: end.signal, blockTimeMs: 250 });
      try {
        expect(await callNode(node.url, "hardhat_getAutomine")).to.equal(false);
        const deployment = await deployLockstep({ url: node.url, module: "Lockstep" });
        const lines: string[] = [];
        const { promise, resolve } = Promise.withResolvers<void>();
        const log = (line: string): void => {
          if (lines.push(line) === 8) resolve();
        };
        const market = new Market({ url: node.url, deployment, seed: SEED, log });
        await market.prepare();
        const stopped = market.start(end.signal, { intervalMs: 0 });
        await promise;
        end.abort();
        await stopped;
        expect(lines.slice(2).filter((line) => !/ \(block \d+\)$/.test(line))).to.deep.equal([]);
        expect(lines.filter((line) => /^(?:error|refused):/.test(line))).to.deep.equal([]);
      } finally {
        await node.stop();
      }
    });
  });
}
