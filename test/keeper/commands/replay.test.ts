import { expect } from "chai";
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandContext } from "../../../keeper/commands/CommandContext.ts";
import type { BlockReport } from "../../../keeper/loop/ports.ts";
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
  let last: BlockReport;

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
    keeper = await RecordedKeeper.start(world, [`${proxy.url}/v3/${SECRET}?key=${SECRET}`]);
    await keeper.untilVerdict("InSync", Number(await world.send("eth_blockNumber")));
    await world.trade(3);
    await keeper.untilVerdict("InSync", Number(await world.send("eth_blockNumber")));
    // A block that is heard of when all before it are judged.
    await world.mine();
    await keeper.untilVerdict("InSync", Number(await world.send("eth_blockNumber")));
    await keeper.stop();
    last = keeper.reports.at(-1)!;
  });

  after(async () => {
    await keeper.stop();
    await keeper.remove();
    await proxy.close();
    await world.close();
  });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-replay-"));
    await cp(await keeper.recording(), directory, { recursive: true });
    file = join(directory, (await readdir(directory))[0]!);
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("prints a line a block and says that it decides the same: exit 0", async () => {
    const { context, out, err } = contextOf();
    expect(await replay(directory, {}, context)).to.equal(0);
    expect(out.at(-1)).to.match(/^same decisions as build \S+ in \d+ blocks?\n$/);
    const blocks = out.filter((line) => line.startsWith("block"));
    expect(blocks).to.have.length(keeper.reports.length);
    expect(blocks.at(-1)).to.match(new RegExp(`^block +${last.number}  IN SYNC`));
    expect(err).to.deep.equal([]);
  });

  it("prints JSON for programs", async () => {
    const { context, out } = contextOf();
    expect(await replay(directory, { json: true }, context)).to.equal(0);
    const lines = out.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).to.deep.include({ type: "summary", isSame: true, difference: null, end: "closed" });
    expect(lines.at(-2)).to.deep.include({ type: "block", number: last.number, verdict: "InSync" });
  });

  it("names the block at which a broken core differs, and how: exit 1", async () => {
    const { context, out } = contextOf();
    expect(await replay(directory, {}, context, { replacements: { reducers: BROKEN_REDUCERS } })).to.equal(1);
    const text = out.join("");
    const [, hash] = /differs at block \d+ \((0x[0-9a-f]{64})\), verdict\n/.exec(text) ?? [];
    expect(keeper.reports.map((report) => report.hash)).to.include(hash);
    expect(text).to.match(/recorded by build \S+: InSync.*\n {2}replayed: OwnFault/);
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
    const asks = (hash: string): string => `eth_getBlockByHash","params":["${hash}"`;
    // The newest block whose header was asked for by its hash.
    const { number, hash } = keeper.reports.findLast((report) => text.includes(asks(report.hash)))!;
    const change = (line: string): string =>
      line.includes(asks(hash))
        ? line.replace(
            /(stateRoot\\":\\"0x)(.)/,
            (_, name: string, digit: string) => name + (digit === "0" ? "1" : "0"),
          )
        : line;
    const changed = text.split("\n").map(change).join("\n");
    expect(changed).to.not.equal(text);
    await writeFile(file, changed);
    const refused = contextOf();
    expect(await replay(directory, {}, refused.context)).to.equal(1);
    expect(refused.err.join("")).to.match(/RecordingCorrupt: 000001\.ndjson:\d+: the line, or one before it/);
    const { context, out } = contextOf();
    expect(await replay(directory, { altered: true }, context)).to.equal(1);
    expect(out.join("")).to.match(/altered after it was recorded: 000001\.ndjson:\d+\n/);
    expect(out.join("")).to.match(/only in the replay: source \S+ quarantined/);
    expect(out.join("")).to.include(`differs at block ${number} (${hash}), verdict\n`);
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
