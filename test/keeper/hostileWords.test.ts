import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";

import { settleSignature } from "../../keeper/actions/signers/settleSignature.ts";
import { SignerClient } from "../../keeper/actions/signers/SignerClient.ts";
import { readOrder } from "../../keeper/domain/Order.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { fetchStatements } from "../../keeper/peers/fetchStatements.ts";
import { readStatements } from "../../keeper/peers/statementsDocument.ts";
import { translatePostgresError } from "../../keeper/store/postgres/translatePostgresError.ts";
import { createLogger } from "../../keeper/telemetry/log.ts";
import { Metrics } from "../../keeper/telemetry/Metrics.ts";
import { parseView } from "../../keeper/views/parseView.ts";
import { DECEIVING, HOSTILE_TEXT, LONG_HOSTILE_TEXT } from "../helpers/hostileText.ts";

const MAX_MESSAGE = 600;
const VERIFIERS = { chainId: 31_337n, registry: `0x${"11".repeat(20)}`, guard: `0x${"22".repeat(20)}` } as const;

/** The fault of what must fail. */
async function faultOf(run: () => unknown): Promise<KeeperError> {
  try {
    await run();
  } catch (error: unknown) {
    if (KeeperError.is(error)) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

/** Runs with a server that answers everybody alike. */
async function beside(answer: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function expectHarmless({ message, payload }: KeeperError): void {
  expect(message).to.not.match(DECEIVING);
  expect(message.length, message.slice(0, 200)).to.be.lessThan(MAX_MESSAGE);
  for (const value of Object.values(payload)) {
    expect(String(value)).to.not.match(DECEIVING);
    expect(String(value).length).to.be.lessThan(MAX_MESSAGE);
  }
}

describe("what others say, where it enters the keeper", () => {
  for (const [name, text] of [
    ["hostile", HOSTILE_TEXT],
    ["a megabyte long", LONG_HOSTILE_TEXT],
  ] as const) {
    describe(`when it is ${name}`, () => {
      it("is shown of a remote signer in one bounded line", async () => {
        await beside(
          (_request, response) => void response.writeHead(403).end(text),
          async (url) => {
            const client = new SignerClient({ url, deadlineMs: 5_000 });
            const fault = await faultOf(() => client.call({ path: "/upcheck", maxAnswerBytes: 100 }));
            client.close();
            expect(fault.message).to.include("HTTP 403: ").and.include("<script>");
            expectHarmless(fault);
          },
        );
      });

      it("is shown of a signer that breaks in one bounded line", () => {
        const faults: KeeperError[] = [];
        const sign = (): never => {
          throw new Error(text);
        };
        settleSignature(sign, {
          onSigned: () => expect.fail("it signed"),
          onFailed: (fault) => faults.push(fault),
          onFatal: (error) => expect.fail(String(error)),
        });
        expect(faults.map(({ code }) => code)).to.deep.equal(["SignerFault"]);
        expectHarmless(faults[0]!);
      });

      it("is shown of a view in one bounded line", async () => {
        const view = { blockNumber: 1, blockHash: `0x${"ab".repeat(32)}`, rows: [] as unknown[] };
        for (const wrong of [
          { ...view, blockHash: text },
          { ...view, rows: [{ account: text, item: "quote", amount: "1" }] },
          { ...view, rows: [{ account: view.blockHash, item: text, amount: "1" }] },
        ]) {
          const fault = await faultOf(() => parseView(wrong));
          expect(fault.code).to.equal("ViewMalformed");
          expectHarmless(fault);
        }
      });

      it("is shown of a database in one bounded line", () => {
        expectHarmless(translatePostgresError("the database", Object.assign(new Error(text), { code: "28P01" })));
        expectHarmless(translatePostgresError("the database", new Error(text)));
      });

      it("does not stand in a peer's fault at all", async () => {
        const head = { version: 1, chainId: 31_337, registry: VERIFIERS.registry, guard: VERIFIERS.guard };
        const documents = [
          text,
          JSON.stringify({ ...head, version: text }),
          JSON.stringify({ ...head, chainId: text }),
          JSON.stringify({ ...head, statements: [{ kind: text, signatures: [] }] }),
          JSON.stringify({ ...head, statements: [{ kind: "pause", incidentId: text, signatures: [] }] }),
        ];
        for (const document of documents) {
          const fault = await faultOf(() => readStatements(document, VERIFIERS));
          expectHarmless(fault);
          expect(JSON.stringify([fault.message, fault.payload])).to.not.include("owned");
        }
        await beside(
          (_request, response) => void response.writeHead(500, { "x-said": "no" }).end(text),
          async (url) => {
            const fault = await faultOf(() => fetchStatements(url, 5_000, new AbortController().signal));
            expect(fault.message).to.equal("it answers with status 500");
          },
        );
      });

      it("is one bounded line in an order", () => {
        const read = readOrder({ order: { kind: "acknowledge", key: "incident", reason: text }, by: text });
        for (const said of [read?.by, read?.order.kind === "acknowledge" ? read.order.reason : undefined]) {
          expect(said).to.include("<script>").and.not.match(DECEIVING);
          expect(said!.length).to.be.at.most(500);
        }
      });

      it("is one bounded line in the log, in every place and with any depth", () => {
        const lines: string[] = [];
        const log = createLogger({ level: "info", output: { write: (line) => lines.push(line) }, now: () => 0 });
        const items = Array.from({ length: 200 }, () => text);
        log.info("said", { text, [text]: text, error: new KeeperError("Code", text, { data: { items: [items] } }) });
        log.info("said", { items, again: { items, deeper: [items, items] } });
        for (const line of lines) {
          expect(line.slice(0, -1)).to.not.match(DECEIVING);
          expect(line.length).to.be.lessThan(2_000_000);
          expect(JSON.parse(line)).to.include({ event: "said", level: "info" });
        }
        expect(lines).to.have.length(2);
      });

      it("is one bounded line in a metric's label, whose value cannot be left", () => {
        const metrics = new Metrics();
        metrics.gauge({ name: "lockstep_said", help: "Said.", labels: ["who"] }).set(1, { who: text });
        const lines = metrics.render().trimEnd().split("\n");
        expect(lines).to.have.length(3);
        expect(lines[2]).to.match(/^lockstep_said\{who="(?:[^"\\]|\\.)*"\} 1$/);
        expect(lines[2]).to.not.match(DECEIVING);
        expect(lines[2]!.length).to.be.lessThan(MAX_MESSAGE);
      });
    });
  }
});
