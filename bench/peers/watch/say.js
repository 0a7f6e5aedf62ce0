import { writeSync } from "node:fs";

/** What a watcher tells the benchmark: one line of JSON, by the clock that all processes of the machine share. */
export function say(said, fields) {
  const atMs = Number(process.hrtime.bigint()) / 1e6;
  writeSync(1, `${JSON.stringify({ said, atMs, ...fields })}\n`);
}
