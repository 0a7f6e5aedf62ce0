import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { showConfig } from "../../../keeper/commands/showConfig.ts";
import { CONFIG_TABLE } from "../../../keeper/config/configTable.ts";
import { CONTEXT } from "../../helpers/commandContext.ts";

const KEY = `0x${"5e".repeat(32)}`;

describe("lockstep config", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lockstep-config-"));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function show(flags: Record<string, unknown>, env: Record<string, string> = {}): string {
    let text = "";
    const stdout = { write: (chunk: string) => (text += chunk) };
    expect(showConfig(flags, { ...CONTEXT, env, stdout })).to.equal(0);
    return text;
  }

  it("shows every setting, and where it came from: flag before environment before file before default", () => {
    const file = join(directory, "lockstep.json");
    writeFileSync(file, JSON.stringify({ apiPort: 1_000, hedgeMs: 70, mode: "watch" }));
    const text = show({ apiPort: "3000", config: file }, { LOCKSTEP_API_PORT: "2000", LOCKSTEP_HEDGE_MS: "80" });
    for (const key of Object.keys(CONFIG_TABLE)) expect(text).to.match(new RegExp(`^${key} +\\S`, "m"));
    expect(text).to.match(/^apiPort +3000 {2}\(--api-port\)$/m);
    expect(text).to.match(/^hedgeMs +80 {2}\(LOCKSTEP_HEDGE_MS\)$/m);
    expect(text).to.match(/^mode +watch {2}\(mode in .*lockstep\.json\)$/m);
    expect(text).to.match(/^proofDepth +64$/m);
  });

  it("shows no secret, and says so of a file that others can read", () => {
    const file = join(directory, "key");
    writeFileSync(file, KEY, { mode: 0o644 });
    const flags = { pauseKeyFile: file, sources: "https://me:hunter2@node.example/v3/abcdef0123456789abcdef" };
    for (const more of [{}, { json: true }]) {
      const text = show({ ...flags, ...more }, { LOCKSTEP_ATTEST_KEY: KEY });
      for (const secret of [KEY.slice(2), "hunter2", "abcdef0123456789"]) expect(text).to.not.include(secret);
      expect(text).to.match(/key.*(others|everybody|readable)/);
    }
  });

  it("is JSON for programs", () => {
    const { settings } = JSON.parse(show({ json: true, mode: "alert" })) as {
      settings: { key: string; value: string; origin: { kind: string; name: string } }[];
    };
    expect(settings.map(({ key }) => key)).to.deep.equal(Object.keys(CONFIG_TABLE));
    const mode = settings.find(({ key }) => key === "mode");
    expect(mode).to.deep.equal({ key: "mode", value: "alert", origin: { kind: "flag", name: "--mode" } });
  });

  it("refuses what run refuses, with a suggestion", () => {
    expect(() => show({}, { LOCKSTEP_API_PROT: "1" })).to.throw(/LOCKSTEP_API_PROT.*did you mean LOCKSTEP_API_PORT/);
  });
});
