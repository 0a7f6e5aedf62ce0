/**
 * Ponder over one chain from one RPC node, with its default database (PGlite). Started by bench/keeper with the path of a job and
 * of an empty folder; prints `{seconds, handled, total, cpuSeconds}`. The seconds are ponder's own, from the first request of the backfill to
 * its end: what it takes to start is not counted.
 *
 * Ponder wants its schema in a TypeScript file: the project is copied into the folder, next to a link to what is installed here.
 */
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [, , job, folder] = process.argv;
const own = import.meta.dirname;
mkdirSync(join(folder, "src", "api"), { recursive: true });
copyFileSync(join(own, "ponder", "config.js"), join(folder, "ponder.config.js"));
copyFileSync(join(own, "ponder", "schema.js"), join(folder, "ponder.schema.ts"));
copyFileSync(join(own, "ponder", "index.js"), join(folder, "src", "index.js"));
copyFileSync(join(own, "ponder", "api.js"), join(folder, "src", "api", "index.ts"));
writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "bench", private: true, type: "module" }));
symlinkSync(join(own, "node_modules"), join(folder, "node_modules"), "dir");

const port = await findPort();
const cli = join(own, "node_modules", "ponder", "dist", "esm", "bin", "ponder.js");
const options = ["--root", folder, "--config", "ponder.config.js", "--port", port, "--hostname", "127.0.0.1"];
const child = spawn(
  process.execPath,
  [cli, "start", ...options.map(String), "--schema", "bench", "--log-format", "json", "--log-level", "debug"],
  {
    cwd: folder,
    env: { ...process.env, BENCH_JOB: job, PONDER_TELEMETRY_DISABLED: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  },
);
process.once("SIGTERM", () => child.kill());
let [startedMs, endedMs] = [0, 0];
let tail = "";
child.stderr.on("data", (text) => (tail = `${tail}${text}`.slice(-2_000)));
child.once("exit", (code) => {
  if (endedMs !== 0) return;
  process.stderr.write(`ponder ended with ${code}:\n${tail}\n`);
  process.exit(1);
});
for await (const line of createInterface({ input: child.stdout })) {
  const entry = parse(line);
  tail = `${tail}${line}\n`.slice(-2_000);
  if (startedMs === 0 && /^Started (fetching )?backfill/.test(entry.msg)) startedMs = performance.now();
  if (startedMs === 0 || !/^Completed backfill indexing across all chains/.test(entry.msg)) continue;
  endedMs = performance.now();
  break;
}
const cpuSeconds = readCpuSeconds(child.pid);
const metrics = await ask("/metrics", (text) => text);
const handled = [...metrics.matchAll(/^ponder_indexing_completed_events\{[^}]*\} (\d+)/gm)].reduce(
  (sum, [, count]) => sum + Number(count),
  0,
);
const total = await ask("/total", (text) => JSON.parse(text).total);
const said = { seconds: (endedMs - startedMs) / 1_000, handled, total, cpuSeconds };
process.stdout.write(`${JSON.stringify(said)}\n`);
child.kill("SIGKILL");
process.exit(0);

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { msg: line };
  }
}

/** Its tables are there for readers a moment after the backfill. */
async function ask(path, read) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return read(await response.text());
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Of Linux only; its clock ticks a hundred times a second. */
function readCpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return null;
  }
}

function findPort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port: found } = server.address();
      server.close(() => resolve(found));
    });
  });
}
