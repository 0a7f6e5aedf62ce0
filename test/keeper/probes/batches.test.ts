import { expect } from "chai";

import { createSource } from "../../../keeper/chain/sources/createSource.ts";
import { MAX_BATCH_CALLS } from "../../../keeper/chain/sources/Source.ts";
import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import { profileOf } from "../../../keeper/domain/chainProfile.ts";
import { batches } from "../../../keeper/probes/batches.ts";
import type { ProbeOutcome } from "../../../keeper/probes/Probe.ts";
import { SourceContext } from "../../../keeper/probes/SourceContext.ts";
import { resultsOf, ScriptedNode, type ScriptedCall } from "./ScriptedNode.ts";

const REFUSAL = '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too large"}}';
/** Pause, attest and post key. */
const OWN_KEYS = 3;

type Answer = (calls: readonly ScriptedCall[], isBatch: boolean) => string | null;

async function probe(answer: Answer, deadlineMs = 1_000): Promise<ProbeOutcome & { sizes: readonly number[] }> {
  const node = await ScriptedNode.start(answer);
  const now = (): number => performance.now();
  const source = createSource(
    { id: "tried", url: node.url, operator: "op", client: "geth" },
    { now, pollIntervalMs: 60_000, heartbeatMs: 60_000 },
  );
  const { signal } = new AbortController();
  source.open({ onHead: () => undefined, onUp: () => undefined, onDown: () => undefined }, signal);
  try {
    const context = new SourceContext(
      {
        ...{ source, transport: "http", chainId: 1, chain: profileOf(1), subject: `0x${"00".repeat(20)}` },
        ...{ proofDepth: 8, deadlineMs, now, wallNow: Date.now },
      },
      signal,
    );
    const outcome = await batches.run(context);
    // The source itself polls its head in messages of one or two calls.
    return { ...outcome, sizes: node.sizes.filter((size) => size > 2) };
  } finally {
    await source.close();
    await node.close();
  }
}

/** Takes so many calls in one message, and refuses a longer one as a whole. */
function limitedTo(limit: number): Answer {
  return (calls, isBatch) => (calls.length > limit ? REFUSAL : resultsOf(calls, isBatch, '"0x1"'));
}

describe("the probe of batches", () => {
  it("tries at least what the keeper sends for every block", () => {
    expect(MAX_BATCH_CALLS).to.be.at.least(1 + BOOK_NAMES.length + OWN_KEYS);
  });

  it("finds nothing amiss where as many calls fit as the keeper sends", async () => {
    const { status, detail, sizes } = await probe(limitedTo(MAX_BATCH_CALLS));
    expect({ status, detail, sizes }).to.deep.equal({ status: "ok", detail: "16 calls in one message", sizes: [16] });
  });

  for (const limit of [3, 10, 15]) {
    it(`fails at a limit of ${limit}, and names it`, async () => {
      const { status, detail } = await probe(limitedTo(limit));
      expect({ status, detail }).to.deep.equal({
        status: "fail",
        detail: `0 of 16 calls of a batch were answered (SourceRpcError), all of ${limit}`,
      });
    });
  }

  it("fails where no batch is taken", async () => {
    const { status, detail } = await probe((calls, isBatch) =>
      isBatch ? REFUSAL : resultsOf(calls, isBatch, '"0x1"'),
    );
    expect({ status, detail }).to.deep.equal({
      status: "fail",
      detail: "0 of 16 calls of a batch were answered (SourceRpcError)",
    });
  });

  it("notices a source that answers the first calls of a message only", async () => {
    const cut = (limit: number): Answer => {
      return (calls, isBatch) => resultsOf(calls.slice(0, limit), isBatch, '"0x1"');
    };
    expect(await probe(cut(12))).to.deep.include({
      status: "fail",
      detail: "12 of 16 calls of a batch were answered (SourceMalformed), all of 12",
    });
  });

  for (const [name, answer, code] of [
    [
      "a fault of another kind",
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"rate limit exceeded"}}',
      "SourceRateLimited",
    ],
    ["silence", null, "SourceTimeout"],
  ] as const) {
    it(`takes ${name} for no limit, and tries no more`, async () => {
      const { status, detail, sizes } = await probe(
        (calls, isBatch) => (calls.length > 12 ? answer : resultsOf(calls, isBatch, '"0x1"')),
        200,
      );
      expect({ status, detail, sizes }).to.deep.equal({
        status: "fail",
        detail: `0 of 16 calls of a batch were answered (${code})`,
        sizes: [16],
      });
    });
  }
});
