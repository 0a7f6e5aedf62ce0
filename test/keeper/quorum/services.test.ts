import { createServer, type AddressInfo, type Server } from "node:net";

import { expect } from "chai";
import { Contract, id, JsonRpcProvider, Wallet } from "ethers";

import { booksRoot } from "../../../keeper/domain/booksRoot.ts";
import { KeySigner } from "../../../keeper/actions/signers/KeySigner.ts";
import { statementDigest, statementHashes, type Verifiers } from "../../../keeper/domain/statementDigest.ts";
import type { Statement } from "../../../keeper/domain/Statement.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import { readStatements, writeStatements } from "../../../keeper/peers/statementsDocument.ts";
import { contractInterface } from "../../../scripts/local/contractInterface.ts";
import { developmentWallet, ROLES } from "../../../scripts/local/accounts.ts";
import { addKeeper, type KeeperDesk } from "../../helpers/keepers.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { ServiceRig } from "../../helpers/keeper/ServiceRig.ts";

const KEEPERS = 4;
/** `KeeperStatus.Slashed`. */
const SLASHED = 6n;

describe("four keepers as services, over HTTP", function () {
  this.timeout(120_000);
  let world: LocalWorld;
  let rigs: (ServiceRig | null)[];
  let ports: number[];
  let registry: Contract;
  let keepers: Contract;
  let provider: JsonRpcProvider;
  let ticking: NodeJS.Timeout;

  const attesters = Array.from({ length: KEEPERS }, (_, index) => {
    return index === 0 ? developmentWallet(ROLES.attester) : new Wallet(id(`service attester ${index}`));
  });
  const pausers = Array.from({ length: KEEPERS }, (_, index) => {
    return index === 0 ? developmentWallet(ROLES.pauser) : new Wallet(id(`service pauser ${index}`));
  });

  const contractAt = (name: "CheckpointRegistry" | "KeeperRegistry" | "SyncGuard"): Contract =>
    new Contract(world.market.chain.address(name), contractInterface(name), provider);

  before(async () => {
    world = await LocalWorld.open("anvil", 7, { parameters: { joinDelaySeconds: 0 } });
    provider = new JsonRpcProvider(world.node.url, undefined, { cacheTimeout: -1 });
    registry = contractAt("CheckpointRegistry");
    keepers = contractAt("KeeperRegistry");
    const admin = developmentWallet(ROLES.deployer).connect(provider);
    const token = (await keepers["BOND_TOKEN"]!()) as string;
    const bondToken = new Contract(token, contractInterface("MockToken"), admin);
    const desk = { keeperRegistry: keepers, bondToken, admin } as unknown as KeeperDesk;
    for (const wallet of [...attesters.slice(1), ...pausers.slice(1)]) {
      await world.send("anvil_setBalance", wallet.address, `0x${(10n ** 20n).toString(16)}`);
    }
    for (let index = 1; index < KEEPERS; index += 1) {
      await addKeeper(desk, attesters[index]!.address, pausers[index]!.address);
    }
    expect(await keepers["quorum"]!()).to.equal(3n);
    ports = await freePorts(KEEPERS);
    rigs = await Promise.all(ports.map((_, index) => start(index)));
    ticking = setInterval(() => void world.mine().catch(() => undefined), 250);
  });

  after(async () => {
    clearInterval(ticking);
    for (const rig of rigs) await rig?.stop();
    provider.destroy();
    await world.close();
  });

  function start(index: number): Promise<ServiceRig> {
    const peers = ports.flatMap((port, other) => (other === index ? [] : [`k${other}|http://127.0.0.1:${port}`]));
    return ServiceRig.start({
      sources: [world.node.wsUrl],
      deployment: world.market.chain.deployment,
      checkpointIntervalSeconds: 2,
      apiPort: ports[index]!,
      flags: {
        attestKey: attesters[index]!.privateKey,
        pauseKey: pausers[index]!.privateKey,
        peers: peers.join(","),
      },
    });
  }

  async function posts(): Promise<number> {
    return (await registry.queryFilter(registry.filters["CheckpointPosted"]!())).length;
  }

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let turns = 0; turns < 150; turns += 1) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${what}: not in time`);
  }

  it("post checkpoints that three of them signed", async () => {
    const [before, head] = [await posts(), await provider.getBlockNumber()];
    await until("three checkpoints", async () => (await posts()) >= before + 3);
    console.log(`      3 checkpoints in ${(await provider.getBlockNumber()) - head} blocks of 250 ms`);
    const sent = rigs.reduce((sum, rig) => sum + (rig?.all("checkpoint").length ?? 0), 0);
    console.log(`      ${await posts()} on chain, ${sent} transactions sent for them`);
  });

  it("serve what they signed, for anybody to check", async () => {
    const { chainId, contracts } = world.market.chain.deployment;
    const verifiers = { chainId: BigInt(chainId), registry: contracts.CheckpointRegistry, guard: contracts.SyncGuard };
    const members = attesters.map(({ address }) => address.toLowerCase());
    const signers = new Set<string>();
    await until("three signers", async () => {
      const response = await fetch(`http://127.0.0.1:${ports[1]!}/v1/statements`);
      expect(response.status).to.equal(200);
      signers.clear();
      for (const { signer } of readStatements(await response.text(), verifiers)) signers.add(signer);
      return signers.size > 2;
    });
    expect([...signers].every((signer) => members.includes(signer))).to.equal(true);
  });

  it("go on with one of them gone, stop with two, and go on when one returns", async () => {
    await rigs[3]?.stop();
    rigs[3] = null;
    const before = await posts();
    await until("two checkpoints by three", async () => (await posts()) >= before + 2);
    await rigs[2]?.stop();
    rigs[2] = null;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const stopped = await posts();
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(await posts()).to.equal(stopped);
    rigs[2] = await start(2);
    await until("a checkpoint by three", async () => (await posts()) > stopped);
  });

  it("convict the one that serves other roots", async () => {
    // In the place of the one that is gone, with its key.
    const { chainId, contracts } = world.market.chain.deployment;
    const verifiers: Verifiers = {
      chainId: BigInt(chainId),
      registry: contracts.CheckpointRegistry,
      guard: contracts.SyncGuard,
    };
    const truth = rigs[0]!.all("sign-typed-data").at(-1)!.statement;
    if (truth.kind !== "attestation") throw new Error("no attestation");
    const roots = truth.roots.with(3, id("lie") as Hash);
    const lie: Statement = { ...truth, attestation: { ...truth.attestation, booksRoot: booksRoot(roots) }, roots };
    const signer = new KeySigner(attesters[3]!.privateKey as Hex);
    const signed = {
      statement: lie,
      digest: statementDigest(lie, verifiers),
      signer: signer.address,
      signature: signer.signTypedData(statementHashes(lie, verifiers)),
    };
    const { createServer: createHttp } = await import("node:http");
    const liar = createHttp((_, response) => void response.end(writeStatements([signed], verifiers)));
    await new Promise<void>((resolve) => liar.listen(ports[3], "127.0.0.1", resolve));
    const head = await provider.getBlockNumber();
    try {
      await until("slashed", async () => {
        const { status } = (await keepers["keeperOf"]!(attesters[3]!.address)) as { status: bigint };
        return status === SLASHED;
      });
    } finally {
      liar.closeAllConnections();
      liar.close();
    }
    console.log(`      slashed within ${(await provider.getBlockNumber()) - head} blocks of 250 ms`);
    const convicted = await registry.queryFilter(registry.filters["AttestationConvicted"]!());
    expect(convicted).to.have.length(1);
    // Who asks after it is slashed hears of it from the chain.
    const told = rigs.slice(0, 3).map((rig) => rig!.all("alert").filter(({ event }) => event === "keepers-disagree"));
    expect(told.flat().length).to.be.greaterThan(0);
    for (const alerts of told) expect(alerts.length).to.be.at.most(1);
  });
});

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, (): Server => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    }),
  );
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}
