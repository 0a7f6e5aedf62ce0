import { parseArgs } from "node:util";

import { measureKeeper } from "./keeper/measureKeeper.ts";
import { renderRows } from "./keeper/renderRows.ts";
import { checkTargets, renderTargets } from "./keeper/targets.ts";

/**
 * How fast the keeper's books are, and beside indexers from npm: `npm run bench:keeper -- [--rounds 3] [--sizes
 * 10000,100000,1000000] [--held 8192] [--no-peers] [--no-node] [--json]`.
 *
 * The chain: the real contracts on an Anvil of its own, deposits, matched orders, withdrawals and prices of 2,000 accounts. Rows:
 * `replay`, recorded receipts to roots; `verdict`, from the bytes of a block's answers to the verdict with so many slots in the
 * books; `node`, from a block mined to the verdict; `index`, the chain taken in from the node by each program. The peers are
 * installed into bench/peers when they are missing. `--no-node` measures a recording only, which is kept in the temporary folder.
 *
 * JSON: `{rows: [{kind, …}], targets: [{name, target, value, isMet}], rounds}`; the fields of each kind: bench/keeper/Row.ts. Exit code 1 when something is wrong: a root that is
 * not the chain's, a verdict that is not "in sync", balances that differ between the programs.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    sizes: { type: "string", default: "10000,100000,1000000" },
    held: { type: "string", default: "8192" },
    peers: { type: "boolean", default: true },
    node: { type: "boolean", default: true },
    json: { type: "boolean", default: false },
  },
  allowNegative: true,
});

function toCount(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} ${text}: expected a whole number above 0`);
}

const rounds = toCount("rounds", values.rounds);
const startedMs = performance.now();
const end = new AbortController();
process.once("SIGINT", () => end.abort());
const rows = await measureKeeper({
  traffic: { accounts: 2_000, mixedBlocks: 60, mixedTrades: 40, tradeBlocks: 360, trades: 17 },
  sizes: values.sizes.split(",").map((size) => toCount("sizes", size)),
  ...{ blocksHeld: toCount("held", values.held), rounds, nodeBlocks: 30 },
  ...{ withNode: values.node, withPeers: values.peers },
  say: (line) =>
    void process.stderr.write(`${((performance.now() - startedMs) / 1_000).toFixed(0).padStart(4)} s  ${line}\n`),
  signal: end.signal,
});
const targets = checkTargets(rows);
if (values.json) process.stdout.write(`${JSON.stringify({ rows, targets, rounds })}\n`);
else process.stdout.write(`${renderRows(rows)}\n\n${renderTargets(targets)}\n`);
// What other libraries still wait for keeps nobody here.
process.exit();
