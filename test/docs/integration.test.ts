import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { type BaseContract, Contract, ContractFactory, JsonRpcProvider, NonceManager, type Signer } from "ethers";

import { LockstepClient, type ProvenAt } from "../../client/index.ts";
import { storage as ledger } from "../../keeper/books/generated/PositionLedger.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { accountIdOf, addressOf, developmentWallet, ROLES } from "../../scripts/local/accounts.ts";
import { contractInterface } from "../../scripts/local/contractInterface.ts";
import { startLocalKeeper, type LocalKeeper } from "../../scripts/local/LocalKeeper.ts";
import type { CheckpointRegistry, CollateralVault, PositionLedger } from "../../types/ethers-contracts/index.ts";
import type { WitnessStruct } from "../../types/ethers-contracts/contracts/clearing/CollateralVault.ts";
import { LocalWorld } from "../helpers/keeper/LocalWorld.ts";
import { Waiters } from "../helpers/keeper/Waiters.ts";
import { pauseSoftly, postCheckpoint } from "../scripts/local/postCheckpoint.ts";
import { codeBlocks, readDocument, ROOT } from "./documents.ts";
import { run } from "./programs.ts";
import { compileContract } from "./solidity.ts";
import { SILENT } from "../helpers/silentLog.ts";

const GUIDE = readDocument("docs/integration.md");
const UNIT = 10n ** 18n;
const USD = 10n ** 6n;
const FAR = 2 ** 40;

interface Contracts {
  readonly CheckpointRegistry: CheckpointRegistry;
  readonly CollateralVault: CollateralVault;
  readonly PositionLedger: PositionLedger;
}

type Quoting =
  | { readonly kind: "quote"; readonly portfolio: { readonly provenAt: ProvenAt; readonly sizes: Map<string, bigint> } }
  | { readonly kind: "stop" | "wait"; readonly reason: string };

interface SignedAttestation {
  readonly blockNumber: number;
}

/** What the blocks of the document export, all together; the compiler holds them against each other. */
interface Guide {
  connect(addresses: Readonly<Record<string, string>>, runner: Signer): Contracts;
  readGrade(contracts: Contracts): Promise<Readonly<Record<string, unknown>>>;
  makeOrder(terms: object): object;
  signOrder(signer: Signer, contracts: Contracts, order: object): Promise<string>;
  settle(contracts: Contracts, match: object): Promise<string>;
  readWitness(provider: JsonRpcProvider, contracts: Contracts, account: string, asset: string): Promise<WitnessStruct>;
  readAttestations(url: string): Promise<SignedAttestation[]>;
  carry(contracts: Contracts, keepers: Contract, signed: SignedAttestation): Promise<void>;
  decide(client: LockstepClient, account: string): Promise<Quoting>;
  watch(client: LockstepClient, signal: AbortSignal): Promise<string>;
}

/** The blocks that begin with the name of a file, by it. */
function namedBlocks(language: string): ReadonlyMap<string, string> {
  const named = codeBlocks(GUIDE).filter((block) => block.language === language);
  return new Map(
    named.map(({ code }) => {
      const [, name = ""] = /^\/\/ (\S+)\n/.exec(code) ?? [];
      return [name, code] as const;
    }),
  );
}

describe("docs/integration.md", function () {
  this.timeout(240_000);
  const files = namedBlocks("ts");
  let guide: Guide;
  let folder: string;
  let world: LocalWorld;
  let provider: JsonRpcProvider;
  let contracts: Contracts;
  let operator: Signer;
  let desk: BaseContract;
  let account: string;
  let watcher: LocalKeeper;
  const waiters = new Waiters();

  before(async () => {
    expect([...files.keys()]).to.deep.equal(["contracts.ts", "grade.ts", "trade.ts", "exit.ts", "carry.ts", "desk.ts"]);
    // As deep in the repository as the document says, where nothing is committed.
    await mkdir(join(ROOT, "cache"), { recursive: true });
    folder = await mkdtemp(join(ROOT, "cache/docs-"));
    for (const [name, code] of files) await writeFile(join(folder, name), code);
    const modules = [...files.keys()].map((name) => import(join(folder, name)) as Promise<object>);
    guide = Object.assign({}, ...(await Promise.all(modules))) as Guide;
    world = await LocalWorld.open("anvil", 83);
    await world.trade(12);
    provider = new JsonRpcProvider(world.node.url, undefined, {
      cacheTimeout: -1,
      pollingInterval: 50,
      batchMaxCount: 1,
    });
    operator = new NonceManager(developmentWallet(ROLES.traders[0]).connect(provider));
    contracts = guide.connect(world.market.chain.deployment.contracts, operator);
    const { abi, bytecode } = compileContract("Desk", namedBlocks("solidity").get("Desk.sol")!);
    const factory = new ContractFactory(abi, bytecode, operator);
    const { chain } = world.market;
    const places = ["PositionLedger", "CollateralVault", "OrderSettlement"] as const;
    desk = await factory.deploy(...places.map((name) => chain.address(name)));
    await desk.waitForDeployment();
    account = accountIdOf({ address: await desk.getAddress() });
  });

  after(async () => {
    await watcher.stop();
    provider.destroy();
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  const send = async (
    contract: Pick<BaseContract, "getFunction">,
    name: string,
    ...parameters: unknown[]
  ): Promise<void> => {
    await (await contract.getFunction(name).send(...parameters)).wait();
  };
  /** What a refusal carries. */
  const dataOf = (error: unknown): string => String((error as { readonly data?: unknown }).data);
  const at = (name: "CollateralVault" | "KeeperRegistry" | "MockToken", address: string, runner: Signer): Contract =>
    new Contract(address, contractInterface(name), runner);
  const NO_WITNESS = {
    attestation: {
      setId: 0,
      bookSetVersion: 0,
      blockNumber: 0,
      blockHash: `0x${"0".repeat(64)}`,
      booksRoot: `0x${"0".repeat(64)}`,
    },
    ...{ roots: [], balanceProof: [], flowProof: [], pages: [], positions: [] },
  };

  it("compiles as TypeScript, as strictly as the repository", async () => {
    const tsconfig = { extends: "../../tsconfig.json", include: ["*.ts"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    const { code, stdout } = await run("tsc", ["--noEmit", "-p", folder]);
    expect(code, stdout).to.equal(0);
  });

  it("deposits, approves orders and trades from a contract", async () => {
    const { chain } = world.market;
    const usd = at("MockToken", chain.address("SettlementToken"), operator);
    await send(usd, "approve", await desk.getAddress(), 10_000n * USD);
    await send(desk, "deposit", usd.target, 10_000n * USD);
    const grade = await guide.readGrade(contracts);
    expect(grade).to.include({ mayIncreaseRisk: true, mayWithdraw: true, isHalted: false, isStale: false });

    const match = await matched(1n);
    expect(await guide.settle(contracts, match)).to.equal("settled");
    expect(await contracts.PositionLedger.sizeOf(account, 1)).to.equal(UNIT / 10n);
    expect(await guide.settle(contracts, match), "once more").to.equal("refused");
    const expired = await matched(2n, { expiry: 1 });
    expect(await guide.settle(contracts, expired)).to.equal("stale-order");
    await send(desk, "withdraw", usd.target, 100n * USD, NO_WITNESS);
  });

  /** The desk buys a tenth from trader 6. */
  async function matched(sequence: bigint, changes: object = {}) {
    const [, seller] = ROLES.traders.map((index) => developmentWallet(index).connect(provider));
    const [round] = (await world.market.chain.read([{ contract: "EthFeed", fn: "latestRoundData" }])) as [
      readonly bigint[],
    ];
    const terms = { size: UNIT / 10n, limitPrice: round[1]! * 10n ** 10n, expiry: FAR, sequence, ...changes };
    const buy = guide.makeOrder({ ...terms, account, isBuy: true });
    const sell = guide.makeOrder({ ...terms, account: accountIdOf(seller!), isBuy: false });
    await send(desk, "approve", buy);
    return {
      buy,
      sell,
      buySignature: "0x",
      sellSignature: await guide.signOrder(seller!, contracts, sell),
      size: UNIT / 10n,
    };
  }

  it("carries what a quorum has signed", async () => {
    const { chain } = world.market;
    const keepers = at("KeeperRegistry", chain.address("KeeperRegistry"), operator);
    const keeper = await startLocalKeeper({
      ...{ sources: [world.node.wsUrl], deployment: chain.deployment, log: SILENT, checkpointIntervalSeconds: 1 },
    });
    try {
      let signed: SignedAttestation[] = [];
      while (signed.length === 0) {
        await world.trade(1);
        signed = await guide.readAttestations(keeper.service.apiUrl);
      }
      // The keeper may have posted it already: the registry then says so by name.
      const outcome = await guide.carry(contracts, keepers, signed[0]!).then(
        () => "carried",
        (error: unknown) => contracts.CheckpointRegistry.interface.parseError(dataOf(error))?.name,
      );
      expect(outcome).to.be.oneOf(["carried", "RegistryNotNewer"]);
      const { chain: local } = world.market;
      const [newest] = await local.read([{ contract: "CheckpointRegistry", fn: "newestNumber" }]);
      expect(Number(newest)).to.be.at.least(signed[0]!.blockNumber);
    } finally {
      await keeper.stop();
    }
  });

  it("quotes on what a keeper has proven, and waits where nobody answers", async () => {
    watcher = await startLocalKeeper({
      ...{ sources: [world.node.wsUrl], deployment: world.market.chain.deployment, log: SILENT },
      ...{ mayPause: false, mayAttest: false },
      onEffect: () => setImmediate(() => waiters.wake()),
    });
    await level();
    const decided = await guide.decide(new LockstepClient(watcher.service.apiUrl), account);
    if (decided.kind !== "quote") throw new Error(decided.reason);
    expect(decided.portfolio.sizes.get("1")).to.equal(UNIT / 10n);
    expect(decided.portfolio.provenAt.number).to.equal((await world.market.chain.readHead()).number);
    const nobody = new LockstepClient("http://127.0.0.1:1");
    expect(await guide.decide(nobody, account)).to.include({ kind: "wait" });
  });

  /** Until the keeper that signs nothing has judged the head. */
  async function level(): Promise<void> {
    const { number } = await world.market.chain.readHead();
    await waiters.until(() => (watcher.service.status.lastReport?.number ?? 0) >= number);
  }

  it("leaves by two witnesses while it is paused, with what a checkpoint proves and no more", async () => {
    const { chain } = world.market;
    const flat = developmentWallet(ROLES.executor).connect(provider);
    const usd = chain.address("SettlementToken");
    const token = at("MockToken", usd, flat);
    const vault = at("CollateralVault", chain.address("CollateralVault"), flat);
    await send(token, "mint", flat.address, 500n * USD);
    await send(token, "approve", vault.target, 500n * USD);
    await send(vault, "deposit", accountIdOf(flat), usd, 500n * USD);
    expect(await postCheckpoint(chain)).to.include({ accepted: true });
    expect(await pauseSoftly(chain)).to.include({ accepted: true });

    const grade = await guide.readGrade(contracts);
    expect(grade).to.include({ mayIncreaseRisk: false, mayWithdraw: false });
    const witness = await guide.readWitness(provider, contracts, accountIdOf(flat), usd);
    expect(await contracts.CollateralVault.payableWitnessed(accountIdOf(flat), usd, witness)).to.equal(500n * USD);
    await send(vault, "withdrawWitnessed", accountIdOf(flat), usd, 500n * USD, addressOf(flat), witness);
    expect(await contracts.CollateralVault.payableWitnessed(accountIdOf(flat), usd, witness)).to.equal(0n);
  });

  it("refuses new risk while it is paused, and says so", async () => {
    const order = guide.makeOrder({ account, isBuy: true, size: UNIT, limitPrice: UNIT, expiry: FAR, sequence: 9n });
    const refusal: unknown = await desk
      .getFunction("approve")
      .staticCall(order)
      .catch((error: unknown) => error);
    expect(desk.interface.parseError(dataOf(refusal))?.name).to.equal("DeskPaused");
  });

  it("stops quoting while it is paused, and when a keeper finds a divergence", async () => {
    await level();
    const client = new LockstepClient(watcher.service.apiUrl);
    expect(await guide.decide(client, account)).to.deep.equal({ kind: "stop", reason: "the protocol is soft" });

    const told = guide.watch(client, AbortSignal.timeout(60_000));
    const slot = ledger.accounts.slot(account as Hash);
    const word = ledger.accounts.update(await world.wordAt("PositionLedger", slot), { quote: UNIT });
    await world.tamper("PositionLedger", slot, word);
    await world.mine();
    expect(await told).to.match(/^unexplained-write in PositionLedger, block \d+$/);
    const decided = await guide.decide(client, account);
    if (decided.kind === "quote") throw new Error("it quotes");
    expect(decided.reason).to.match(/^Diverged: /);
    expect(decided.kind).to.equal("stop");
  });
});
