import { expect } from "chai";
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandContext } from "../../../keeper/commands/CommandContext.ts";
import { replay } from "../../../keeper/commands/replay.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { BROKEN_REDUCERS } from "../evidence/brokenReducers.ts";
import { forwardTo, type Forwarder } from "../evidence/forwardTo.ts";
import { RecordedKeeper } from "../evidence/RecordedKeeper.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

describe("lockstep replay", function () {
  this.timeout(120_000);
  let world: LocalWorld;
  let proxy: Forwarder;
  let keeper: RecordedKeeper;
  let directory: string;
  let file: string;
  let lastBlock: number;

  function contextOf(): { context: CommandContext; out: string[]; err: string[] } {
    const out: string[] = [];
    const err: string[] = [];
    const context: CommandContext = {
      env: {},
      stdout: { write: (text) => out.push(text) },
      stderr: { write: (text) => err.push(text) },
      isColoured: false,
      wallNow: () => 0,
      signal: new AbortController().signal,
      ended: new Promise(() => undefined),
    };
    return { context, out, err };
  }

  before(async () => {
    world = await LocalWorld.open("anvil", 12);
    proxy = await forwardTo(world.node.url);
    keeper = await RecordedKeeper.start(world, { poll: `${proxy.url}/v3/${SECRET}?key=${SECRET}` });
    await world.trade(3);
    lastBlock = Number(await world.send("eth_blockNumber"));
    await keeper.untilVerdict("InSync", lastBlock);
    await keeper.stop();
  });

  after(async () => {
    await keeper.stop();
    await keeper.remove();
    await proxy.close();
    await world.close();
  });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-replay-"));
    await cp(keeper.recording, directory, { recursive: true });
    file = join(directory, (await readdir(directory))[0]!);
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("prints a line a block and says that it decides the same: exit 0", async () => {
    const { context, out, err } = contextOf();
    expect(await replay(directory, {}, context)).to.equal(0);
    expect(out.at(-1)).to.match(/^same decisions as build 0\.0\.0-test in \d+ blocks?\n$/);
    const blocks = out.filter((line) => line.startsWith("block"));
    expect(blocks).to.have.length(keeper.reports.length);
    expect(blocks.at(-1)).to.match(new RegExp(`^block +${lastBlock}  IN SYNC`));
    expect(err).to.deep.equal([]);
  });

  it("prints JSON for programs", async () => {
    const { context, out } = contextOf();
    expect(await replay(directory, { json: true }, context)).to.equal(0);
    const lines = out.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).to.deep.include({ type: "summary", isSame: true, difference: null, end: "closed" });
    expect(lines.at(-2)).to.deep.include({ type: "block", number: lastBlock, verdict: "InSync" });
  });

  it("names the block at which a broken core differs, and how: exit 1", async () => {
    const { context, out } = contextOf();
    expect(await replay(directory, {}, context, { replacements: { reducers: BROKEN_REDUCERS } })).to.equal(1);
    const text = out.join("");
    const first = keeper.reports[0]!;
    expect(text).to.include(`differs at block ${first.number} (${first.hash}), verdict\n`);
    expect(text).to.match(/recorded by build 0\.0\.0-test: InSync.*\n {2}replayed: OwnFault/);
  });

  it("goes on without a last line that was cut short, and says so", async () => {
    await truncate(file, (await readFile(file)).length - 30);
    const { context, out } = contextOf();
    expect(await replay(directory, {}, context)).to.equal(0);
    const text = out.join("");
    expect(text).to.match(/the last line was cut short: \d+ bytes are not used\n/);
    expect(text).to.include("the recording ends early: its process died\n");
  });

  it("refuses a changed answer with exit 1, and shows what it leads to when it is told to go on", async () => {
    const text = await readFile(file, "utf8");
    const { hash } = keeper.reports.at(-1)!;
    const changed = text
      .split("\n")
      .map((line) =>
        line.includes("eth_getProof") && line.includes(hash) ? line.replaceAll('[\\"0xf9', '[\\"0xf8') : line,
      )
      .join("\n");
    expect(changed).to.not.equal(text);
    await writeFile(file, changed);
    const refused = contextOf();
    expect(await replay(directory, {}, refused.context)).to.equal(1);
    expect(refused.err.join("")).to.match(/RecordingCorrupt: 000001\.ndjson:\d+: the line, or one before it/);
    const { context, out } = contextOf();
    expect(await replay(directory, { altered: true }, context)).to.equal(1);
    expect(out.join("")).to.match(/altered after it was recorded: 000001\.ndjson:\d+\n/);
    expect(out.join("")).to.match(/only in the replay: source poll quarantined/);
    expect(out.join("")).to.include(`differs at block ${lastBlock} (${hash}), verdict\n`);
  });

  it("takes what holds no recording for a mistake of the command line: exit 2", async () => {
    const { context, err } = contextOf();
    expect(await replay(join(directory, "nothing"), {}, context)).to.equal(2);
    expect(err.join("")).to.match(/^lockstep: RecordingMissing: /);
  });

  it("holds nothing of a source's secret", async () => {
    const bytes = await readFile(file, "utf8");
    expect(bytes).to.include("eth_getProof").and.not.include(SECRET);
  });
});
