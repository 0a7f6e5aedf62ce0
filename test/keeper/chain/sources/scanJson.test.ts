import { expect } from "chai";
import { MAX_JSON_DEPTH, scanJson } from "../../../../keeper/chain/sources/scanJson.ts";
import { readReceipts } from "../../../fixtures/mainnet/chainData.ts";

const TOO_MANY_CONTAINERS = "built of too many objects and lists for its length";
const TOO_MANY_PIECES = "built of too many pieces for its length";

describe("scanJson", () => {
  it("counts containers and names outside strings", () => {
    for (const [text, containers, names] of [
      ["{}", 1, 0],
      ['{"a":[{"b":1},[]],"c":"{[:,"}', 4, 3],
      ['{"a\\":{":"\\\\","b":"\\"[:"}', 1, 2],
      ['["[","\\\\",{"x" : {}}]', 3, 1],
      ['"{"', 0, 0],
      ['{"unterminated', 1, 0],
      ['{"unterminated\\"', 1, 0],
    ] as const) {
      const shape = scanJson(text);
      expect([shape.containers, shape.names, shape.flaw], text).to.deep.equal([containers, names, null]);
    }
  });

  it("finds the id of a reply, and of the first reply in a list", () => {
    for (const [text, id, isList] of [
      ['{"jsonrpc":"2.0","id":17,"result":null}', 17, false],
      ['{"result":{"id":3,"x":[{"id":4}]},"id" :\n18}', 18, false],
      ['{"result":"\\"id\\":9","id":19}', 19, false],
      ['[{"result":[{"id":1}],"id":20},{"id":21}]', 20, true],
      ['{"id":22,"id":23}', 22, false],
    ] as const) {
      const shape = scanJson(text);
      expect([shape.id, shape.isList], text).to.deep.equal([id, isList]);
    }
  });

  it("takes nothing else for an id", () => {
    for (const text of [
      '{"params":{"id":1}}',
      '{"id":null,"error":{"id":2}}',
      '{"id":"5"}',
      '{"id":-5}',
      '{"xid":5,"i\\u0064":6}',
      '[["id",5]]',
      '{"x":"id"}',
      '[[{"id":5}]]',
    ]) {
      expect(scanJson(text).id, text).to.equal(null);
    }
  });

  it("stops at what is nested too deep", () => {
    expect(scanJson("[".repeat(MAX_JSON_DEPTH)).flaw).to.equal(null);
    const shape = scanJson("[".repeat(100_000));
    expect([shape.flaw, shape.containers]).to.deep.equal([`nested deeper than ${MAX_JSON_DEPTH}`, MAX_JSON_DEPTH + 1]);
  });

  it("stops at what is built of more than a text of its length may be", () => {
    expect(scanJson(`[${"{},".repeat(4_000)}{}]`).flaw).to.equal(null);
    expect(scanJson(`[${"{},".repeat(100_000)}{}]`).flaw).to.equal(TOO_MANY_CONTAINERS);
    expect(scanJson(`[${"[],".repeat(100_000)}[]]`).flaw).to.equal(TOO_MANY_CONTAINERS);
    expect(scanJson(`[${"1,".repeat(100_000)}1]`).flaw).to.equal(TOO_MANY_PIECES);
    expect(scanJson(`{${'"a":1,'.repeat(100_000)}"a":1}`).flaw).to.equal(TOO_MANY_PIECES);
  });

  it("finds nothing odd in the receipts of a real block, however often they come", () => {
    const receipts = readReceipts();
    const one = JSON.stringify(receipts);
    const logs = receipts.reduce((sum, receipt) => sum + receipt.logs.length, 0);
    expect(scanJson(one)).to.include({ containers: 1 + 2 * receipts.length + 2 * logs, flaw: null });
    expect(scanJson(`[${Array(40).fill(one).join(",")}]`).flaw).to.equal(null);
  });
});
