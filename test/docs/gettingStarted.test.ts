import { mkdtemp, rm } from "node:fs/promises";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { LockstepClient } from "../../client/index.ts";
import { codeBlocks, expectPrinted, readDocument, ROOT, sampleOf } from "./documents.ts";
import { run, start, type Ended, type Running } from "./programs.ts";

const GUIDE = readDocument("docs/getting-started.md");
const README = readDocument("README.md");
const ADDRESS = "http://127.0.0.1:9464";
const MAIN = join(ROOT, "keeper/main.ts");

/** The shape of a value: its keys, and the kinds of what they hold. */
function kindsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(kindsOf);
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, kindsOf(item)]));
}

describe("docs/getting-started.md", function () {
  this.timeout(180_000);
  let scratch: string;
  let up: Running;
  let url: string;
  let client: LockstepClient;

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), "lockstep-docs-"));
    // What `npm start` runs, on ports that are free.
    up = start("node", [MAIN, "up", "--port", "0", "--api-port", "0"]);
    const ready = await up.line(/^ready: /);
    [, url = ""] = /^ready: (\S+)\/ /.exec(ready) ?? [];
    client = new LockstepClient(url);
    await up.line(/^block .*IN SYNC/);
  });

  after(async () => {
    up.child.kill("SIGINT");
    await up.ended;
    await rm(scratch, { recursive: true, force: true });
  });

  const lockstep = (...args: readonly string[]): Promise<Ended> => run("node", [MAIN, ...args]);

  it("shows what the status command prints", async () => {
    const { code, stdout } = await lockstep("status", "--url", url);
    expect(code, stdout).to.equal(0);
    expectPrinted(sampleOf(GUIDE, "status"), stdout);
  });

  it("asks with curl, and shows what is answered", async () => {
    const commands = GUIDE.match(/^curl .+$/gm) ?? [];
    expect(commands).to.have.length(1);
    const [program = "", ...args] = commands[0]!.replace(ADDRESS, url).split(" ");
    const { code, stdout } = await run(program, args);
    expect(code).to.equal(0);
    const shown = JSON.parse(sampleOf(GUIDE, "grade")) as { data: Record<string, unknown> };
    const answer = JSON.parse(stdout) as { data: Record<string, unknown> };
    expect(kindsOf(answer)).to.deep.equal(kindsOf(shown));
    expect({ ...answer.data, staleFrom: shown.data["staleFrom"] }).to.deep.equal(shown.data);
  });

  it("asks with the client, from a file of the repository", async () => {
    const [block] = codeBlocks(GUIDE).filter(({ language }) => language === "ts");
    const code = block!.code.replace(ADDRESS, url);
    const { stdout, stderr } = await run("node", ["--input-type=module-typescript", "-"], { input: code });
    expect(stdout, stderr).to.match(/^(?:0x[0-9a-f]{64} \d+n \d+ positions at block \d+\n){5,}$/);
  });

  it("tells every step of the drill as the keeper does, and its evidence is confirmed", async () => {
    const told: string[] = [];
    await client.startDrill();
    for await (const { event, data } of client.events()) {
      if (event !== "drill" || data.isRunning) continue;
      expect(data.trouble).to.equal(null);
      told.push(...data.steps.map(({ name, title }) => `${name}: ${title}`));
      break;
    }
    const rows = [...GUIDE.matchAll(/^\| ([a-z][a-z-]*) +\| (.+?) +\| /gm)].slice(1);
    const written = rows.map(
      ([, name = "", title = ""]) => `${name}: ${title.replaceAll("\\", "").replace("[…]", "")}`,
    );
    expect(told.map((step) => step.replace(/\[0x[^\]]+\]/, ""))).to.deep.equal(written);

    const { data } = await client.incidents();
    const file = join(scratch, "bundle.lockstep");
    writeFileSync(file, await client.evidence(data[0]!.id));
    const { code, stdout } = await lockstep("verify", file);
    expect(code).to.equal(0);
    expectPrinted(sampleOf(GUIDE, "verify"), stdout);
  });

  it("starts as README says too, shows what is printed then, and ends by Ctrl-C", async () => {
    for (const document of [GUIDE, README]) expect(document).to.include("npm ci\nnpm start\n");
    up.child.kill("SIGINT");
    const { code, stdout } = await up.ended;
    expectPrinted(sampleOf(GUIDE, "up"), stdout.replace(url, ADDRESS));
    // What diverged meanwhile was rehearsed.
    expect(code).to.equal(0);
  });
});
