/**
 * Runs a node and dies with whoever asked for it: `node guardNode.ts <program> [argument…]`, with an IPC channel.
 *
 * The channel closes when the parent ends, even by SIGKILL, and then the node is killed: no node outlives its
 * parent. The node's process id is the only message sent to the parent.
 */
import { spawn } from "node:child_process";

const [program, ...parameters] = process.argv.slice(2);
if (program === undefined || process.send === undefined) throw new Error("needs a program and an IPC channel");

const node = spawn(program, parameters, { stdio: ["ignore", "ignore", "inherit"] });

node.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
node.on("exit", (code, signal) => {
  if (signal !== null) process.stderr.write(`ended by ${signal}\n`);
  process.exit(code ?? 1);
});
process.on("disconnect", () => node.kill("SIGKILL"));
// The parent may have ended before the listener stood.
if (!process.connected) node.kill("SIGKILL");
if (node.pid !== undefined) process.send({ pid: node.pid });
