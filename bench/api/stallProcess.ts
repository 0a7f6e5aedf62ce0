import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { SeededRandom } from "../../scripts/local/SeededRandom.ts";

/** Clients that ask for much and read nothing. */
export interface StallJob {
  readonly url: string;
  readonly accounts: number;
  readonly connections: number;
  /** Requests that each connection sends at once. */
  readonly pipelined: number;
  readonly durationMs: number;
  readonly seed: number;
}

/** Clients that do not read, as a process of its own: its argument is the path of a `StallJob`; it writes how many connected. */
const job = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as StallJob;
const random = new SeededRandom(job.seed);
const { hostname, port, host } = new URL(job.url);
let opened = 0;

/** The largest page, each from an account of its own: no two answers are the same text. */
function request(): string {
  const cursor = Math.floor(random.next() * Math.max(1, job.accounts - 500));
  return `GET /v1/accounts?limit=500&cursor=${cursor} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
}

function stall(): void {
  const socket = connect({ host: hostname, port: Number(port) });
  // Nobody listens for data: what comes stays in the buffers of the system, until they are full.
  socket.pause();
  socket.once("connect", () => {
    opened += 1;
    socket.write(Array.from({ length: job.pipelined }, request).join(""));
  });
  socket.on("error", () => undefined);
}

for (let index = 0; index < job.connections; index += 1) stall();
await sleep(job.durationMs);
process.stdout.write(JSON.stringify(opened), () => process.exit());
