import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { HookServer } from "../alerts/HookServer.ts";

const MAIN = fileURLToPath(new URL("../../../keeper/main.ts", import.meta.url));

describe("lockstep alerts test", function () {
  this.timeout(60_000);
  let hooks: HookServer;

  beforeEach(async () => {
    hooks = await HookServer.start();
  });

  afterEach(() => hooks.close());

  async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
    const env = { PATH: process.env["PATH"] ?? "", LOCKSTEP_ALERTS: `json|${hooks.url}/secret-path` };
    const child = spawn(process.execPath, [MAIN, "alerts", "test", ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    }
    const [code] = (await once(child, "close")) as [number];
    return { code, text };
  }

  it("sends a message and its end to every sink, and says who took it", async () => {
    const { code, text } = await run("--critical");
    expect([code, text]).to.deep.equal([0, "json: took it\n"]);
    const states = hooks.received.map(({ body }) => JSON.stringify(body));
    expect(states).to.have.length(2);
    expect(states[0]).to.include("critical");
  });

  it("ends with 1 when a sink does not take it, says why, and shows no secret", async () => {
    hooks.behave = () => ({ status: 403, page: "no" });
    const { code, text } = await run();
    expect(code).to.equal(1);
    expect(text).to.include("json: did not").and.not.include("secret-path");
  });
});
