/**
 * Runs a node and dies with whoever asked for it: `node guardNode.ts <scratch option> <program> [argument…]`, with an IPC
 * channel. The option, unless empty, is given to the program with a new folder, which goes when the node has ended: Anvil writes
 * old states to disk, 5 KB and more a block, and leaves them there.
 *
 * The channel closes when the parent ends, even by SIGKILL, and then the node is killed: no node outlives its
 * parent. The parent is told the node's process id and, once it listens, its port, as the node itself says it: who asks for
 * the port that it was to have may be answered by another node that has it.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [scratchOption = "", program, ...parameters] = process.argv.slice(2);
if (program === undefined || process.send === undefined) throw new Error("needs a program and an IPC channel");

/** Anvil's and Hardhat's words for where they listen. */
const LISTENING = /^(?:Listening on|Started HTTP and WebSocket JSON-RPC server at http:\/\/)\s*[^\s/]*:(\d+)/;

const scratch = scratchOption === "" ? null : mkdtempSync(join(tmpdir(), "lockstep-node-"));
process.on("exit", () => {
  try {
    // Some systems still hold the files of a process that has just ended.
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  } catch (error: unknown) {
    process.stderr.write(`${scratch}: ${String(error)}\n`);
  }
});

const node = spawn(program, scratch === null ? parameters : [...parameters, scratchOption, scratch], {
  stdio: ["ignore", "pipe", "inherit"],
});
const lines = createInterface({ input: node.stdout });

lines.on("line", (line) => {
  const port = LISTENING.exec(line)?.[1];
  if (port === undefined) return;
  lines.close();
  // What else it prints is read, so that it can go on, and dropped.
  node.stdout.resume();
  if (process.connected) process.send?.({ port: Number(port) });
});

node.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
node.on("exit", (code, signal) => {
  if (signal !== null) process.stderr.write(`ended by ${signal}\n`);
  process.exit(code ?? 1);
});
process.on("disconnect", () => node.kill("SIGKILL"));
// By itself a signal would end the guard only, and leave node and folder behind.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => node.kill("SIGKILL"));
// The parent may have ended before the listener stood.
if (!process.connected) node.kill("SIGKILL");
if (node.pid !== undefined) process.send({ pid: node.pid });
