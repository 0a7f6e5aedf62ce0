import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { SeededRandom } from "../../scripts/local/SeededRandom.ts";
import type { LoadJob } from "./loadProcess.ts";
import { drawAsk } from "./requestMix.ts";

/** One request: its kind, its status (with the code of a 503), milliseconds from when it was due, and how late it was sent. */
export type Answered = readonly [kind: string, status: string, ms: number, lateMs: number];

const CONNECTIONS = 100;
/** As long as a timer can wait at least. */
const TICK_MS = 1;
const PATIENCE_MS = 30_000;

/**
 * Asks at a steady rate, whether answers come or not: each request has its moment, and its time counts from there, so that whoever
 * is held up is charged for all that should have been asked meanwhile.
 */
export async function askSteadily({ url, known, rate, warmMs, countedMs, seed }: LoadJob): Promise<Answered[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: "fifo" });
  const random = new SeededRandom(seed);
  const answered: Answered[] = [];
  // The rate grows from nothing while both sides warm up, so half as many are due by then: no backlog of that time is counted.
  const first = Math.round((warmMs * rate) / 2_000);
  const total = first + (countedMs * rate) / 1_000;
  const startMs = performance.now();
  const dueAt = (index: number): number => {
    const ms = index < first ? warmMs * Math.sqrt(index / first) : warmMs + ((index - first) * 1_000) / rate;
    return startMs + ms;
  };
  const open = new Set<number>();
  const ask = (index: number): void => {
    const dueMs = dueAt(index);
    const lateMs = performance.now() - dueMs;
    const { kind, path } = drawAsk(random, known);
    open.add(index);
    const onEnd = (status: string): void => {
      open.delete(index);
      if (index >= first) answered.push([kind, status, performance.now() - dueMs, lateMs]);
    };
    send(agent, url + path, onEnd);
  };
  for (let next = 0; next < total;) {
    for (; next < total && dueAt(next) <= performance.now(); next += 1) ask(next);
    await sleep(TICK_MS);
  }
  for (const lateMs = performance.now() + PATIENCE_MS; open.size > 0 && performance.now() < lateMs;)
    await sleep(TICK_MS);
  if (open.size > 0) throw new Error(`${open.size} requests have no answer after ${PATIENCE_MS / 1_000} s`);
  agent.destroy();
  return answered;
}

/** @param onEnd told once, with the status when the last byte is there, or with what went wrong */
function send(agent: Agent, url: string, onEnd: (status: string) => void): void {
  get(url, { agent }, (response) => {
    const { statusCode = 0 } = response;
    let text = "";
    if (statusCode === 503) response.setEncoding("utf8").on("data", (part: string) => (text += part));
    else response.resume();
    response.once("end", () => onEnd(statusCode === 503 ? `503 ${codeOf(text)}` : String(statusCode)));
    response.once("error", ({ message }) => onEnd(message));
  }).once("error", ({ message }) => onEnd(message));
}

function codeOf(text: string): string {
  const { code } = JSON.parse(text) as { readonly code?: string };
  return code ?? "";
}
