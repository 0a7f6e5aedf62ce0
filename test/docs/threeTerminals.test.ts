import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse } from "dotenv";
import { expect } from "chai";

import { commandLines, expectPrinted, readDocument, ROOT, sampleOf } from "./documents.ts";
import { run, start, type Running } from "./programs.ts";

const GUIDE = readDocument("docs/getting-started.md");
const README = readDocument("README.md");
const NODE = "npx hardhat node";
const DEPLOY = "npx hardhat ignition deploy deploy/modules/Lockstep.ts --network localhost --build-profile default";
const HEAD = /^block .*IN SYNC/;
/** `--network localhost` names it. */
const PORT = 8_545;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

describe("the conventional three terminals", function () {
  this.timeout(180_000);
  const running: Running[] = [];
  const deploymentId = `docs-${process.pid}`;
  const kept = join(ROOT, "deploy/deployments", deploymentId);
  let scratch: string;
  let settings: Record<string, string>;

  before(async function () {
    scratch = await mkdtemp(join(tmpdir(), "lockstep-docs-"));
    if (await isFree(PORT)) return;
    if (process.env["CI"] !== undefined) throw new Error(`port ${PORT} is taken`);
    console.log(`      skipped: port ${PORT} is taken`);
    this.skip();
  });

  after(async () => {
    for (const { child, ended } of running.toReversed()) {
      child.kill("SIGTERM");
      await ended;
    }
    await Promise.all([scratch, kept].map((folder) => rm(folder, { recursive: true, force: true })));
  });

  const lockstep = (...args: readonly string[]) => run("node", ["keeper/main.ts", ...args], { env: settings });

  it("are the same in the guide and in README", () => {
    const expected = [NODE, DEPLOY];
    for (const document of [GUIDE, README]) {
      expect(commandLines(document, ["npx hardhat"])).to.deep.equal(expected);
      expect(document).to.include("cp .env.example .env\nnpm run keeper\n");
    }
  });

  it("bring a node, the contracts and a keeper that is in sync", async () => {
    const node = start("hardhat", NODE.split(" ").slice(2));
    running.push(node);
    await node.line(/Started HTTP and WebSocket JSON-RPC server/);
    const deployed = await run("hardhat", [...DEPLOY.split(" ").slice(2), "--deployment-id", deploymentId]);
    expect(deployed.code, `${deployed.stdout}\n${deployed.stderr}`).to.equal(0);
    // The folder's name tells the chain.
    await cp(kept, join(scratch, "chain-31337"), { recursive: true });
    settings = {
      ...parse(await readFile(join(ROOT, ".env.example"))),
      LOCKSTEP_DEPLOYMENT: join(scratch, "chain-31337/deployed_addresses.json"),
      LOCKSTEP_DATA_DIRECTORY: join(scratch, "data"),
      LOCKSTEP_API_PORT: "0",
    };
    const keeper = start("node", ["keeper/main.ts", "run"], settings);
    running.push(keeper);
    expect(await keeper.line(HEAD)).to.match(HEAD);
  });

  it("answer doctor, check and incidents list as the guide says", async () => {
    const [doctor, check, incidents] = [
      await lockstep("doctor"),
      await lockstep("check"),
      await lockstep("incidents", "list"),
    ];
    expect([doctor.code, check.code, incidents.code], `${doctor.stdout}${check.stderr}`).to.deep.equal([0, 0, 0]);
    expectPrinted(sampleOf(GUIDE, "check"), check.stdout);
    expectPrinted(sampleOf(GUIDE, "doctor"), doctor.stdout);
    expect(incidents.stdout).to.equal("no incident\n");
  });
});
