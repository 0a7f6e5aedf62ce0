import { expect } from "chai";
import { id, type ContractTransactionResponse } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../fixtures/deployLockstep.ts";
import { accountOf } from "../helpers/accounts.ts";
import { attest, falsify, postAttested, postCheckpoint } from "../helpers/attestations.ts";
import { convict } from "../helpers/convict.ts";
import { GasTable } from "../helpers/GasTable.ts";
import { pause, readHead } from "../helpers/guard.ts";
import { OrderBook } from "../helpers/orders.ts";
import { readMultiProof } from "../helpers/proofs.ts";
import { readWitness } from "../helpers/witness.ts";

const connection = await network.create();
const DOLLAR = 10n ** 6n;

/** Posts so often that the ring is full, as it is in production after a few hours. */
async function fillRing(system: Lockstep): Promise<void> {
  for (let count = 0; count < 65; count += 1) await postCheckpoint(system);
}

/** Each budget is what was measured, and about 5 % more: a change that costs more is noticed. */
describe("gas", () => {
  const table = new GasTable();

  after(() => process.stdout.write(`\n${table.toString()}\n\n`));

  const note = async (name: string, budget: bigint, sent: Promise<ContractTransactionResponse>) =>
    expect(await table.note(name, sent), name).to.be.lessThanOrEqual(budget);

  it("of clearing stays within its budget", async () => {
    const system = await deployLockstep(connection);
    const [alice, bob] = system.users;
    const account = accountOf(alice!);
    const { vault, usd } = system;
    await note("deposit, first of an account", 135_000n, depositUsd(system, alice!, 10_000n * DOLLAR));
    await note("deposit", 80_000n, depositUsd(system, alice!, 10_000n * DOLLAR));
    await depositUsd(system, bob!, 20_000n * DOLLAR);
    const withdraw = vault.connect(alice!).withdraw(account, usd.target, DOLLAR, alice!.address);
    await note("withdraw, flat", 105_000n, withdraw);
    const orders = new OrderBook(system);
    await note("settle two fresh orders, both open", 285_000n, orders.trade(alice!, bob!));
    await note("settle two fresh orders, both increase", 205_000n, orders.trade(alice!, bob!));
    await note("settle two fresh orders, both reduce", 205_000n, orders.trade(bob!, alice!));
    const secured = vault.connect(alice!).withdraw(account, usd.target, DOLLAR, alice!.address);
    await note("withdraw with one position", 125_000n, secured);
  });

  it("of the guard and the registry stays within its budget", async () => {
    const single = await deployLockstep(connection);
    await fillRing(single);
    await note("post, 1 of 1", 115_000n, postAttested(single, await attest(single)));

    const system = await deployLockstep(connection, { keeperCount: 4 });
    const { registry, users, vault, usd } = system;
    await depositUsd(system, users[0]!, 100n * DOLLAR);
    await fillRing(system);
    const quorum = system.keepers.slice(0, 3).map(({ attester }) => attester);
    const attested = await attest(system);
    await note("post, 3 of 4", 130_000n, postAttested(system, attested, quorum));
    const { blockNumber } = attested.attestation;
    const { headerRlp, nodes, paths } = await readMultiProof(system.ethers, system.books, blockNumber);
    await note("prove, 8 books", 1_150_000n, registry.prove(blockNumber, attested.roots, headerRlp, nodes, paths));

    const head = await readHead(system);
    await note("softPause", 135_000n, pause(system, 0, id("incident"), head));
    await note("softPause, repeated", 35_000n, pause(system, 1, id("incident"), head));
    const witness = await readWitness(system, attested, accountOf(users[0]!), usd);
    const leaving = vault
      .connect(users[0]!)
      .withdrawWitnessed(accountOf(users[0]!), usd.target, DOLLAR, users[0]!.address, witness);
    await note("withdrawWitnessed", 310_000n, leaving);
    const lie = falsify(await attest(system), 0);
    await note(
      "convict, 1 signer, not posted",
      465_000n,
      convict(system, lie, { signers: [system.keepers[3]!.attester] }),
    );
    const posted = falsify(await attest(system), 0);
    await postAttested(system, posted, quorum);
    await note("convict, 3 signers, posted", 350_000n, convict(system, posted, { signers: quorum }));
  });
});
