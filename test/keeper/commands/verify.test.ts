import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { CONTRACT_NAMES } from "../../../keeper/config/deployment.ts";
import type { Verification } from "../../../keeper/evidence/bundle/Verification.ts";
import { settle, textOf } from "../evidence/bundle/bundleOf.ts";
import { claim, forge, takeApart } from "../evidence/bundle/forge.ts";
import { STAGES } from "../evidence/bundle/stages.ts";

const MAIN = fileURLToPath(new URL("../../../keeper/main.ts", import.meta.url));
/** Whoever opens a connection ends. */
const NO_NETWORK =
  'import net from "node:net"; import dgram from "node:dgram";' +
  'const refuse = () => { throw new Error("a network was used"); };' +
  "net.Socket.prototype.connect = refuse; dgram.createSocket = refuse; globalThis.fetch = refuse;";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command line in a process of its own, which has no chain, no settings, and no network. */
async function verify(...args: readonly string[]): Promise<Ended> {
  const flags = ["--import", `data:text/javascript,${encodeURIComponent(NO_NETWORK)}`, MAIN, "verify", ...args];
  const env = { PATH: process.env["PATH"] };
  const child = spawn(process.execPath, flags, { cwd: "/", env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

describe("lockstep verify", function () {
  this.timeout(300_000);
  const texts = new Map<string, string>();
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "lockstep-verify-"));
    for (const { name, level, run } of STAGES) {
      const { world, driver } = await run();
      await settle(driver, level === "located");
      texts.set(name, textOf(driver));
      await world.close();
    }
  });

  after(() => rm(folder, { recursive: true, force: true }));

  const save = async (text: string): Promise<string> => {
    const file = join(folder, "bundle.lockstep");
    await writeFile(file, text);
    return file;
  };
  const first = (): string => texts.get(STAGES[0]!.name)!;

  for (const { name, kind, level } of STAGES) {
    it(`confirms ${name} with no chain and no network: exit 0`, async () => {
      const { code, stdout, stderr } = await verify(await save(texts.get(name)!), "--json");
      const shown = JSON.parse(stdout) as Verification;
      expect(shown, shown.reason).to.include({ result: "confirmed", kind, level });
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
    });
  }

  it("tells people what is proved, where, and what is left to look up", async () => {
    const { code, stdout } = await verify(await save(first()));
    expect(code).to.equal(0);
    expect(stdout).to.match(/^CONFIRMED {2}block \d+ diverges: PositionLedger: unexplained-write\n/);
    expect(stdout).to.match(/PositionLedger _accounts\[0x[0-9a-f]{64}\]: before 0x[0-9a-f]+, by the events 0x/);
    const { number, hash } = takeApart(first()).manifest.blocks.at(-1)!;
    expect(stdout).to.contain(`that block ${number} of chain 31337 has the hash ${hash}`);
  });

  it("ends with 1 and says where it failed, refuted or invalid", async () => {
    const refuted = forge(first(), (parts) => claim(parts, { kind: "OwnFault", detail: "we did it" }));
    const shown = await verify(await save(refuted));
    expect(shown.stdout).to.match(
      /^REFUTED {2}it says that the fault was the keeper's own, but PositionLedger: it arrives/,
    );
    expect(shown.code).to.equal(1);
    const altered = await verify(await save(first().replace('"located"', '"Located"')));
    expect(altered.stdout).to.match(/^INVALID {2}its bytes do not have the digest/);
    expect(altered.stdout).to.contain("failed at: blobs, manifest");
    expect(altered.code).to.equal(1);
    const missing = await verify(await save(forge(first(), ({ blobs }) => blobs.delete("nodes/PositionLedger"))));
    expect(missing.stdout).to.match(/^INCOMPLETE {2}the replay needs the node of PositionLedger/);
    expect(missing.code).to.equal(1);
  });

  it("ends with 2 when there is no such file", async () => {
    const { code, stdout, stderr } = await verify(join(folder, "nothing"));
    expect(code).to.equal(2);
    expect(stdout).to.equal("");
    expect(stderr).to.contain("cannot be read (ENOENT)");
    expect((await verify()).code).to.equal(2);
  });

  it("shows what a bundle says, and never lets a terminal obey it", async () => {
    const evil = "\u001b[2J\u001b]0;owned\u0007\u202e";
    const text = forge(first(), (parts) => {
      const located = parts.manifest.located.map((slot) => ({ ...slot, variable: evil }));
      parts.manifest = { ...parts.manifest, located, software: evil };
    });
    const { code, stdout } = await verify(await save(text));
    expect(code).to.equal(0);
    expect(stdout).to.match(/^[\n\x20-\x7e]+$/);
    expect(stdout).to.contain("\\u{1b}[2J");
  });

  it("is invalid for another deployment than the given one", async () => {
    const bundle = await save(first());
    const { chainId, addresses } = takeApart(first()).manifest.settings;
    const file = join(folder, "deployment.json");
    const write = (contracts: Record<string, string>): Promise<void> => {
      const all = CONTRACT_NAMES.map((name, index) => [
        name,
        contracts[name] ?? `0x${String(index + 1).padStart(40, "0")}`,
      ]);
      const deployment = { chainId, deploymentBlock: 1, contracts: Object.fromEntries(all) as Record<string, string> };
      return writeFile(file, JSON.stringify(deployment));
    };
    await write(addresses);
    expect((await verify(bundle, "--deployment", file)).code).to.equal(0);
    await write({ ...addresses, PositionLedger: `0x${"9".repeat(40)}` });
    const { code, stdout } = await verify(bundle, "--deployment", file);
    expect(stdout).to.contain("failed at: deployment, manifest");
    expect(code).to.equal(1);
  });
});
