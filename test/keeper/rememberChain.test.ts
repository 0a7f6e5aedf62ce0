import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { rememberChain, type KnownChain } from "../../keeper/rememberChain.ts";
import { openSqliteStore } from "../../keeper/store/sqlite/openSqliteStore.ts";
import { createLogger, type Logger } from "../../keeper/telemetry/log.ts";
import { hashOf } from "../helpers/keeper/blockTree.ts";

const [GENESIS, OTHER] = [hashOf("genesis"), hashOf("other")];
const MAINNET = 1;
const [HARDHAT, GANACHE] = [31_337, 1_337];

describe("rememberChain", () => {
  let dataDirectory: string;
  let lines: string[];
  let log: Logger;

  beforeEach(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), "lockstep-chain-"));
    lines = [];
    log = createLogger({ level: "debug", output: { write: (line) => lines.push(line) }, now: () => 0 });
  });

  afterEach(() => rm(dataDirectory, { recursive: true, force: true }));

  /** One start of a keeper on a chain: "ok", or the code of the fault and the hash that it expected. */
  async function start(chainId: number, genesisHash: Hash, expected: Hash | null = null): Promise<string> {
    const journal = await openSqliteStore({ directory: dataDirectory, now: () => 0 });
    try {
      await rememberChain({ chainId, genesisHash }, { journal, expected, dataDirectory, log });
      return "ok";
    } catch (error: unknown) {
      if (!KeeperError.is(error)) throw error;
      expect(error.payload).to.include({ chainId, genesisHash });
      return `${error.code}, expected ${String(error.payload["expected"])}`;
    } finally {
      await journal.close();
    }
  }

  async function records(): Promise<KnownChain[]> {
    const journal = await openSqliteStore({ directory: dataDirectory, now: () => 0 });
    await journal.close();
    return journal.records().flatMap(({ kind, body }) => (kind === "chain" ? [body as KnownChain] : []));
  }

  it("remembers the chain of the first start, once, and lets later starts on it pass", async () => {
    for (let count = 0; count < 3; count += 1) expect(await start(MAINNET, GENESIS)).to.equal("ok");
    expect(await records()).to.deep.equal([{ chainId: MAINNET, genesisHash: GENESIS }]);
    expect(lines).to.deep.equal([]);
  });

  it("refuses another chain in the same directory, and stays with the first", async () => {
    await start(MAINNET, GENESIS);
    const refused = `ChainMismatch, expected ${GENESIS}`;
    expect(await start(10, OTHER)).to.equal(refused);
    expect(await start(MAINNET, OTHER)).to.equal(refused);
    // The same block 0 under another id: a fork of it.
    expect(await start(61, GENESIS)).to.equal(refused);
    expect(await start(MAINNET, GENESIS)).to.equal("ok");
    expect(await records()).to.have.length(1);
  });

  it("refuses a chain whose block 0 is not the expected one, before it remembers anything", async () => {
    expect(await start(MAINNET, OTHER, GENESIS)).to.equal(`ChainMismatch, expected ${GENESIS}`);
    expect(await start(HARDHAT, OTHER, GENESIS)).to.equal(`ChainMismatch, expected ${GENESIS}`);
    expect(await records()).to.deep.equal([]);
    expect(await start(MAINNET, GENESIS, GENESIS)).to.equal("ok");
  });

  it("lets a development chain begin anew, and says so", async () => {
    await start(HARDHAT, GENESIS);
    expect(await start(HARDHAT, OTHER)).to.equal("ok");
    expect(await start(GANACHE, OTHER)).to.equal("ok");
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).to.deep.equal([
      "another-local-chain",
      "another-local-chain",
    ]);
    expect((await records()).at(-1)).to.deep.equal({ chainId: GANACHE, genesisHash: OTHER });
  });

  it("lets no development chain take the directory of a public one, nor the other way round", async () => {
    await start(MAINNET, GENESIS);
    expect(await start(HARDHAT, OTHER)).to.equal(`ChainMismatch, expected ${GENESIS}`);
    expect(await start(MAINNET, GENESIS)).to.equal("ok");
    for (const name of ["store.sqlite", "store.sqlite-journal"]) await rm(join(dataDirectory, name));
    await start(HARDHAT, OTHER);
    expect(await start(MAINNET, GENESIS)).to.equal(`ChainMismatch, expected ${OTHER}`);
  });
});
