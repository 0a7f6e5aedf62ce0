import type { BaseContract, LogDescription } from "ethers";
import { expect } from "chai";
import { network } from "hardhat";

import { Books, type BookBlock, type BookLog } from "../../../keeper/books/Books.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import type { Lockstep } from "../../fixtures/deployLockstep.ts";
import { emitEveryEvent } from "../../helpers/keeper/everyEvent.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BooksFollower } from "./BooksFollower.ts";
import { deployToured } from "./naive/tourSync.ts";
import { RandomClearing } from "./RandomClearing.ts";

const SEED = 22;
const BLOCKS = 120;

/**
 * What no rule ties to anything: the round that a contract was shown, a sequence that a later one of its lane replaces
 * within the block, and the block that governance looked at when it accepted words.
 */
const UNSEEN = new Set(["ExpirySettled.roundId", "OrderFilled.sequence", "BooksAccepted.blockNumber"]);

/** The block of an attestation that nobody posted is in the books of nobody. */
function isOfNobody({ name, args }: LogDescription, field: string): boolean {
  return name === "AttestationConvicted" && field === "blockNumber" && args.getValue("isVoided") === false;
}

/** The same log with one number changed by one; null when the field is none or cannot hold it. */
function changed(contract: BaseContract, log: LogDescription, field: number): Pick<BookLog, "topics" | "data"> | null {
  const value: unknown = log.args[field];
  if (typeof value !== "bigint") return null;
  const args = [...log.args] as unknown[];
  for (const next of [value + 1n, value - 1n]) {
    try {
      args[field] = next;
      const encoded = contract.interface.encodeEventLog(log.fragment, args);
      return { topics: encoded.topics as Hash[], data: encoded.data as Hex };
    } catch {
      continue;
    }
  }
  return null;
}

/** What a system's books do not notice when one number of one event is another one, and how many numbers were tried. */
async function findUnnoticed(system: Lockstep, blocks: readonly BookBlock[]) {
  const { vault, ledger, settlement, auction, fund, instruments, oracle } = system;
  const { keeperRegistry, guard, registry } = system;
  const clearing = [vault, ledger, settlement, auction, fund, instruments, oracle] as BaseContract[];
  const contracts = [...clearing, keeperRegistry, guard, registry] as BaseContract[];
  const { addresses, immutables } = (await BooksFollower.open(system)).books;
  const books = new Books({ addresses, immutables });
  const unnoticed = new Set<string>();
  const tried = new Set<string>();
  for (const block of blocks) {
    books.apply(block);
    const roots = books.roots().join();
    books.undo();
    block.logs.forEach((log, index) => {
      const contract = contracts.find(({ target }) => (target as string).toLowerCase() === log.address);
      const event = contract?.interface.parseLog(log) ?? null;
      if (contract === undefined || event === null) return;
      event.fragment.inputs.forEach(({ name }, field) => {
        const key = `${event.name}.${name}`;
        const edited = changed(contract, event, field);
        if (edited === null || UNSEEN.has(key) || isOfNobody(event, name)) return;
        tried.add(key);
        const logs = block.logs.map((other, at) => (at === index ? { ...other, ...edited } : other));
        const findings = books.apply({ ...block, logs });
        if (findings.length === 0 && books.roots().join() === roots) unnoticed.add(key);
        books.undo();
      });
    });
    books.apply(block);
  }
  return { unnoticed: [...unnoticed], tried };
}

describe("Books of events with one field changed", function () {
  this.timeout(300_000);

  it("find something wrong or arrive at other roots than the chain, whichever number it is", async () => {
    const connection = await network.create();
    const { system, blocks } = await record(new SeededRandom(SEED), await RandomClearing.open(connection));
    const { unnoticed, tried } = await findUnnoticed(system, blocks);
    expect(unnoticed).to.deep.equal([]);
    expect(tried.size).to.be.greaterThan(40);
    await connection.close();
  });

  it("do so with what keepers, guard and registry say as well, to the very end", async () => {
    const connection = await network.create();
    const system = await deployToured(connection);
    await emitEveryEvent(system);
    const { unnoticed, tried } = await findUnnoticed(system, await readAll(system));
    expect(unnoticed).to.deep.equal([]);
    expect(tried.size).to.be.greaterThan(140);
    await connection.close();
  });
});

/** All blocks of a random play, from the first. */
async function record(
  random: SeededRandom,
  clearing: RandomClearing,
): Promise<{ readonly system: Lockstep; readonly blocks: BookBlock[] }> {
  for (let block = 0; block < BLOCKS; block += 1) await clearing.step(random);
  const { system } = clearing;
  return { system, blocks: await readAll(system) };
}

async function readAll(system: Lockstep): Promise<BookBlock[]> {
  const follower = await BooksFollower.open(system);
  const head = await system.ethers.provider.getBlockNumber();
  const blocks: BookBlock[] = [];
  for (let number = 0; number <= head; number += 1) blocks.push(await follower.read(number));
  return blocks;
}
