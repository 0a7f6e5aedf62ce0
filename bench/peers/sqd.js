/**
 * SQD's processor over one chain from one RPC node: decodes the events and keeps each account's newest values in memory, where
 * a real one would have a database. Started by bench/keeper with the path of a job; prints `{seconds, handled, total,
 * cpuSeconds}`.
 *
 * Job: `{url, head, sources: [{address, events: [{name, topic, signature, inputs}]}]}`.
 */
import { readFileSync } from "node:fs";

import { event, indexed } from "@subsquid/evm-abi";
import * as codec from "@subsquid/evm-codec";
import { EvmBatchProcessor } from "@subsquid/evm-processor";

const { url, head, sources } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const decoders = new Map();

const processor = new EvmBatchProcessor()
  .setRpcEndpoint({ url, maxBatchCallSize: 100, capacity: 10 })
  .setFinalityConfirmation(0)
  .setBlockRange({ from: 0, to: head })
  .setFields({ log: { topics: true, data: true } });
for (const { address, events } of sources) {
  processor.addLog({ address: [address], topic0: events.map(({ topic }) => topic) });
  for (const { name, topic, signature, inputs } of events) {
    const codecs = inputs.map((input) => [input.name, input.indexed ? indexed(codec[input.type]) : codec[input.type]]);
    decoders.set(`${address} ${topic}`, { name, decoder: event(topic, signature, Object.fromEntries(codecs)) });
  }
}

const store = { accounts: new Map(), positions: new Map(), lanes: new Map(), flows: new Map(), markets: new Map() };
const prices = new Map();
let handled = 0;

/** Keeps what an event says of an account, as simply as it can be kept. */
const HANDLERS = {
  EntryPosted: ({ account, kind, key, sizeAfter, quoteAfter }) => {
    store.accounts.set(account, quoteAfter);
    if (kind === 2) store.positions.set(`${account} ${key}`, sizeAfter);
  },
  FundingUpdated: ({ instrument, longIndex, shortIndex }) => store.markets.set(instrument, { longIndex, shortIndex }),
  OrderFilled: ({ account, lane, sequence, filled }) => store.lanes.set(`${account} ${lane}`, { sequence, filled }),
  Deposited: ({ account, asset, amount }) => addFlow(account, asset, amount, 0n),
  Withdrawn: ({ account, asset, amount }) => addFlow(account, asset, 0n, amount),
  AnswerUpdated: ({ current, updatedAt }, address) => prices.set(address, { current, updatedAt }),
};

function addFlow(account, asset, deposited, withdrawn) {
  const key = `${account} ${asset}`;
  const before = store.flows.get(key) ?? { deposited: 0n, withdrawn: 0n };
  store.flows.set(key, { deposited: before.deposited + deposited, withdrawn: before.withdrawn + withdrawn });
}

const database = {
  connect: () => Promise.resolve({ height: -1, hash: "0x" }),
  transact: async ({ nextHead }, handle) => {
    await handle(store);
    if (nextHead.height >= head) finish();
  },
};

function finish() {
  const seconds = (performance.now() - startedMs) / 1_000;
  const total = [...store.accounts.values()].reduce((sum, quote) => sum + quote, 0n);
  const { user, system } = process.cpuUsage();
  const said = { seconds, handled, total: total.toString(), cpuSeconds: (user + system) / 1e6 };
  process.stdout.write(`${JSON.stringify(said)}\n`);
  process.exit(0);
}

const startedMs = performance.now();
processor.run(database, ({ blocks }) => {
  for (const block of blocks) {
    for (const log of block.logs) {
      const found = decoders.get(`${log.address} ${log.topics[0]}`);
      if (found === undefined) continue;
      HANDLERS[found.name](found.decoder.decode(log), log.address);
      handled += 1;
    }
  }
  return Promise.resolve();
});
