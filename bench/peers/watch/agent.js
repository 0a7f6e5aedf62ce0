// A detection bot of the smallest kind: it notices a log.
import { readFileSync } from "node:fs";

import { say } from "./say.js";

const { vault, topic } = JSON.parse(readFileSync(process.env.BENCH_JOB, "utf8"));

export async function handleTransaction({ hash, logs }) {
  const isSeen = logs.some((log) => log.address.toLowerCase() === vault && log.topics[0] === topic);
  if (isSeen) say("noticed", { transaction: hash });
  return [];
}
