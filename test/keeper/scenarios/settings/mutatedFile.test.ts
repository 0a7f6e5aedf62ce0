import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { ConfigProblem } from "../../../../keeper/config/ConfigProblem.ts";
import { loadKeeperConfig } from "../../../../keeper/config/loadKeeperConfig.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { readBundleText } from "../../../../keeper/evidence/bundle/bundleText.ts";
import { verifyBundle } from "../../../../keeper/evidence/bundle/verifyBundle.ts";
import type { Hash } from "../../../../keeper/lib/hex.ts";
import { evidenceHash } from "../../../../keeper/loop/evidenceHash.ts";
import { CrashWorld } from "../../../../scripts/crashes/CrashWorld.ts";
import type { KeeperJob } from "../../../../scripts/crashes/KeeperJob.ts";
import { KeeperProcess } from "../../../../scripts/crashes/KeeperProcess.ts";
import { contractInterface } from "../../../../scripts/local/contractInterface.ts";

const ACCOUNT = 7n;
const SEED = 14;
const GWEI = 10n ** 9n;
const IN_FORCE = { maxFeePerGasGwei: "4000", mode: "act" } as const;
/** Valid, and such that a keeper which took it over would not pause. */
const TAMED = { maxFeePerGasGwei: "1", mode: "watch" } as const;

describe("Scenario: the settings' file changes under a keeper", function () {
  this.timeout(120_000);
  let world: CrashWorld;
  let folder: string;
  let file: string;
  let job: KeeperJob;
  let keeper: KeeperProcess | null = null;

  before(async () => {
    world = await CrashWorld.open({ seed: SEED });
    folder = await mkdtemp(join(tmpdir(), "lockstep-settings-"));
    file = join(folder, "keeper.json");
  });

  beforeEach(async () => {
    await world.reset();
    job = await world.jobOf(0, await world.directoryOf(0), null, false);
  });

  afterEach(async () => {
    keeper?.kill();
    await keeper?.ended;
    keeper = null;
  });

  after(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Writes the settings of the job, with changes; the text may be cut short. */
  async function write(changes: Readonly<Record<string, unknown>>, share = 1): Promise<void> {
    const text = JSON.stringify({ ...job.flags, ...changes });
    await writeFile(file, text.slice(0, Math.ceil(text.length * share)), { mode: 0o600 });
  }

  /** A keeper's process that has all of its settings from the file. */
  async function startByFile(): Promise<KeeperProcess> {
    const child = new KeeperProcess(folder);
    await child.start({ ...job, flags: { config: file } });
    return child;
  }

  /** What a pause of this incident says of its evidence on chain. */
  async function readEvidenceHash(): Promise<Hash> {
    const guard = contractInterface("SyncGuard");
    const filter = { address: world.deployment.contracts.SyncGuard, topics: [guard.getEvent("SoftPaused")?.topicHash] };
    const logs = (await world.send("eth_getLogs", { ...filter, fromBlock: "0x0" })) as { topics: Hash[]; data: Hash }[];
    return guard.parseLog(logs.at(-1)!)?.args["evidenceHash"] as Hash;
  }

  it("D14: it pauses by the settings that it started with, all of them, and their hash is in the evidence", async () => {
    await write(IN_FORCE);
    const child = await startByFile();
    keeper = child;
    await world.inSync(child);

    const mutations = [
      () => write(TAMED),
      () => write(TAMED, 0.5),
      () => write({ ...IN_FORCE, confirmations: 0 }),
      () => write({ ...IN_FORCE, mod: "watch" }),
      () => write({ ...IN_FORCE, sources: "http://127.0.0.1:1|nobody|local", pauseKey: `0x${"11".repeat(32)}` }),
      () => write({}, 0),
    ];
    let count = 0;
    const mutate = async () => mutations[count++ % mutations.length]!();
    await mutate();
    const divergent = await world.tamper(ACCOUNT, 1n);
    await world.until(
      "it is contained",
      async () => {
        await mutate();
        const isSent = (await world.sentBy(0, "pending")) > (await world.sentBy(0));
        if (isSent) await world.mine();
        return child.incident?.state === "contained" && count > 2 * mutations.length;
      },
      child,
    );
    expect(await world.pausesSince(divergent)).to.have.length(1);

    const bundle = join(job.flags["dataDirectory"]!, "evidence", child.incident!.id, "bundle.lockstep");
    const read = async () => await readFile(bundle, "utf8").catch(() => "");
    await world.until("its bundle is there", async () => verifyBundle(await read()).result === "confirmed", child);
    const text = await read();
    const { settings, incident } = readBundleText(text).manifest;
    expect(settings.policy.mode).to.equal(IN_FORCE.mode);
    expect(settings["maxFeePerGas"]).to.equal(BigInt(IN_FORCE.maxFeePerGasGwei) * GWEI);
    const onChain = await readEvidenceHash();
    expect(evidenceHash(incident.findings, settings)).to.equal(onChain);
    expect(verifyBundle(text).evidenceHash).to.equal(onChain);

    // What would have been: by the file as it is now nobody pauses, and the evidence would say so.
    await write(TAMED);
    const { config } = loadKeeperConfig({ flags: { config: file }, env: {} });
    expect(config.mode).to.equal("watch");
    for (const changed of [
      { ...settings, maxFeePerGas: BigInt(TAMED.maxFeePerGasGwei) * GWEI },
      { ...settings, policy: { ...settings.policy, mode: config.mode } },
    ]) {
      expect(evidenceHash(incident.findings, changed)).to.not.equal(onChain);
    }
  });

  it("D14: a keeper that starts with a wrong file names all that is wrong in it, and takes over nothing", async () => {
    await write({ ...IN_FORCE, confirmations: 0, mod: "watch", proofDepth: "1e3" });
    keeper = await startByFile();
    const { code } = await keeper.ended;
    expect(code).to.equal(1);
    for (const named of ["confirmations in", "mod in", "did you mean mode?", "proofDepth in"]) {
      expect(keeper.failure).to.contain(named);
    }
    expect(keeper.failure).to.contain("invalid configuration");
    expect(keeper.block).to.equal(null);
  });

  for (const [name, value] of [
    ["confirmations", 0],
    ["confirmations", "0"],
    ["confirmations", "-1"],
    ["confirmations", 1.5],
    ["confirmations", ""],
    ["confirmations", null],
    ["maxFeePerGasGwei", "0"],
    ["requestDeadlineMs", "5s"],
    ["mode", "Act"],
    ["sources", "ftp://127.0.0.1|a|geth"],
  ] as const) {
    it(`D14: ${name} as ${JSON.stringify(value)} is refused by its name`, async () => {
      await write({ ...IN_FORCE, [name]: value });
      let problems: readonly ConfigProblem[] = [];
      try {
        loadKeeperConfig({ flags: { config: file }, env: {} });
      } catch (error: unknown) {
        if (!KeeperError.is(error)) throw error;
        problems = error.payload["problems"] as readonly ConfigProblem[];
      }
      expect(problems.map((problem) => problem.name)).to.deep.equal([`${name} in ${file}`]);
    });
  }
});
