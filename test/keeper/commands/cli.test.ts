import { spawn } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { CONFIG_OPTIONS } from "../../../keeper/config/configOptions.ts";

const MAIN = fileURLToPath(new URL("../../../keeper/main.ts", import.meta.url));
const CLEAN_ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LOCKSTEP_")));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command line as a process of its own, away from any `.env`. */
async function lockstep(
  args: readonly string[],
  onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void,
) {
  const child = spawn("node", [MAIN, ...args], { cwd: "/", env: CLEAN_ENV, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    onLine?.(chunk.toString(), (signal) => child.kill(signal));
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise<Ended>((resolve) => {
    child.on("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

async function withTakenPort<Result>(use: (port: number) => Promise<Result>): Promise<Result> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

describe("lockstep", function () {
  this.timeout(60_000);

  it("ends with 2 and says what to do when the command line is not understood", async () => {
    for (const args of [
      ["bogus"],
      ["up", "--port", "abc"],
      ["up", "--for", "soon"],
      ["drill", "nonsense"],
      ["drill"],
      ["replay", "/no/such/recording"],
      ["chaos-rpc", "--upstream", "http://127.0.0.1:1", "--rule", "eth_getLogs: vanish"],
    ]) {
      const { code, stderr } = await lockstep(args);
      expect(code, args.join(" ")).to.equal(2);
      expect(stderr, args.join(" ")).to.match(/--help|--list|choose one of|RecordingMissing/);
    }
  });

  it("lies by rules of the command line until Ctrl-C (chaos-rpc)", async () => {
    const args = ["chaos-rpc", "--upstream", "http://127.0.0.1:1", "--port", "0", "--seed", "7"];
    const rules = ["--rule", "eth_chainId: replace 0x7", "--rule", "eth_getLogs: empty"];
    const answers: unknown[] = [];
    const { code, stdout, stderr } = await lockstep([...args, ...rules], (line, kill) => {
      const url = /listening\s+(http:\S+)/.exec(line)?.[1];
      if (url === undefined) return;
      const body = JSON.stringify([{ jsonrpc: "2.0", id: 1, method: "eth_getLogs", params: [{}] }]);
      void fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })
        .then(async (response) => answers.push(await response.json()))
        .finally(() => {
          kill("SIGINT");
        });
    });
    expect(code, stderr).to.equal(0);
    expect(answers).to.deep.equal([[{ jsonrpc: "2.0", id: 1, result: [] }]]);
    expect(stdout).to.match(/seed\s+7/);
  });

  it("ends with 75 when the doctor reaches nobody, and names the source without its secrets", async () => {
    const { code, stdout } = await lockstep(["doctor", "--sources", "http://user:hunter2@127.0.0.1:1|a|geth"]);
    expect(code).to.equal(75);
    expect(stdout).to.contain("source a").and.to.not.contain("hunter2");
  });

  it("ends with 1 and names flag and variable when a setting is missing", async () => {
    const { code, stderr } = await lockstep(["run"]);
    expect(code).to.equal(1);
    expect(stderr).to.contain("--sources").and.to.contain("LOCKSTEP_SOURCES");
  });

  it("lists every setting of `run` with its variable and default", async () => {
    const { code, stdout } = await lockstep(["run", "--help"]);
    expect(code).to.equal(0);
    for (const { flag, env } of CONFIG_OPTIONS) expect(stdout).to.contain(flag).and.to.contain(env);
  });

  it("lists the drills", async () => {
    const { code, stdout } = await lockstep(["drill", "--list"]);
    expect(code).to.equal(0);
    expect(stdout).to.match(
      /^unevented-write +a bug .+\nstorage-tamper +--rpc +a balance .+\n[^]+\nfull-cycle +four .+\n$/,
    );
  });

  it("says which port is taken and how to choose another", async () => {
    await withTakenPort(async (port) => {
      const { code, stderr } = await lockstep(["up", "--port", String(port), "--for", "1s"]);
      expect(code).to.equal(1);
      expect(stderr).to.contain(`port ${port}`).and.to.contain("--port").and.to.contain("--rpc");
    });
  });

  it("brings everything up, judges blocks and ends by itself with 0", async () => {
    const { code, stdout, stderr } = await lockstep(["up", "--port", "0", "--api-port", "0", "--for", "8s"]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/block +\d+ {2}IN SYNC \(unwitnessed\) {2}10 roots = chain/);
    expect(stdout).to.match(/\n\d+ blocks judged, \d+ in sync, [1-9]\d* checkpoints, 0 incidents/);
    expect(stdout).not.to.contain("error");
  });

  it("serves its state while it runs, and ends cleanly on Ctrl-C", async () => {
    const seen: string[] = [];
    const answers: Promise<[string, number, string][]>[] = [];
    const { code, stderr } = await lockstep(["up", "--port", "0", "--api-port", "0"], (line, kill) => {
      seen.push(line);
      const url = /ready: (http:\S+)\/\s/.exec(line)?.[1];
      if (url === undefined) return;
      const paths = ["/healthz", "/readyz", "/status", "/metrics"];
      const asked = new Promise((resolve) => setTimeout(resolve, 1_500)).then(() =>
        Promise.all(
          paths.map(async (path): Promise<[string, number, string]> => {
            const response = await fetch(url + path);
            return [path, response.status, await response.text()];
          }),
        ),
      );
      answers.push(asked);
      void asked.finally(() => {
        kill("SIGINT");
      });
    });
    expect(code, stderr).to.equal(0);
    const byPath = new Map((await answers[0])?.map(([path, status, body]) => [path, { status, body }]));
    expect(byPath.get("/healthz")?.status).to.equal(200);
    expect(byPath.get("/readyz")?.status).to.equal(200);
    expect(JSON.parse(byPath.get("/status")?.body ?? "{}")).to.include({ state: "IN_SYNC" });
    expect(byPath.get("/metrics")?.body).to.match(/lockstep_verdicts_total\{verdict="InSync"\} [1-9]/);
    expect(seen.join("")).to.contain("blocks judged");
  });
});
