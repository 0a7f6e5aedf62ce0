import { mkdtemp, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { ControlServer } from "../../../keeper/control/ControlServer.ts";
import { controlPath } from "../../../keeper/control/controlPath.ts";
import { sendOrder } from "../../../keeper/control/sendOrder.ts";
import { readOrder, type Order, type OrderOutcome, type SignedOrder } from "../../../keeper/domain/Order.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";

const PAUSE: Order = { kind: "pause", reason: "exchange XY is on fire" };

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (KeeperError.is(error) ? error.code : String(error)),
  );
}

describe("the control socket", () => {
  let dataDirectory: string;
  let server: ControlServer | null;
  let orders: SignedOrder[];
  let perform: (order: SignedOrder) => Promise<OrderOutcome>;

  beforeEach(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), "lockstep-control-"));
    orders = [];
    perform = (order) => {
      orders.push(order);
      return Promise.resolve({ isDone: true, detail: "done" });
    };
    server = await ControlServer.start({ dataDirectory, perform: (order) => perform(order) });
  });

  afterEach(async () => {
    await server?.close();
    await rm(dataDirectory, { recursive: true, force: true });
  });

  const send = (order: Order, deadlineMs = 2_000): Promise<OrderOutcome> =>
    sendOrder(order, { dataDirectory, by: "alice", deadlineMs });

  /** What comes back for raw bytes. */
  async function raw(text: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    let answer = "";
    const socket = connect(controlPath(dataDirectory));
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => (answer += chunk));
    socket.on("error", () => undefined);
    socket.once("close", () => {
      resolve(answer);
    });
    socket.write(text);
    return promise;
  }

  it("hands an order over with who gave it, and says what came of it", async () => {
    expect(await send(PAUSE)).to.deep.equal({ isDone: true, detail: "done" });
    expect(orders).to.deep.equal([{ order: PAUSE, by: "alice" }]);
  });

  it("belongs to this user alone", async () => {
    const { mode } = await stat(controlPath(dataDirectory));
    expect(mode & 0o777).to.equal(0o600);
  });

  it("carries each kind of order", async () => {
    const all: Order[] = [
      PAUSE,
      { kind: "acknowledge", key: "0x12", reason: "on it" },
      { kind: "close-incident", incidentId: "0x12", reason: "over" },
      { kind: "sign-resume", afterConsensusFault: true },
    ];
    for (const order of all) await send(order);
    expect(orders.map(({ order }) => order)).to.deep.equal(all);
  });

  it("hands over nothing that is no order", async () => {
    const bad = [
      "",
      "{}",
      "null",
      '{"order":{"kind":"transfer"},"by":"eve"}',
      '{"order":{"kind":"pause","reason":" "},"by":"eve"}',
    ];
    for (const text of bad) expect(await raw(`${text}\n`)).to.include('"isDone":false');
    expect(await raw("x".repeat(20_000))).to.equal("");
    expect(orders).to.deep.equal([]);
  });

  it("tells that an order failed, without what a failure of the keeper's own says", async () => {
    perform = () => Promise.reject(new KeeperError("StoreFailed", "the disk is full"));
    expect(await send(PAUSE)).to.deep.equal({ isDone: false, detail: "the disk is full" });
    perform = () => Promise.reject(new Error("a secret"));
    expect((await send(PAUSE)).detail).to.not.include("secret");
  });

  it("tells that no keeper runs there, and that one does not answer", async () => {
    perform = () => new Promise(() => undefined);
    expect(await codeOf(send(PAUSE, 100))).to.equal("OrderUnanswered");
    await server?.close();
    server = null;
    expect(await codeOf(send(PAUSE))).to.equal("KeeperNotRunning");
  });

  it("takes over the socket that a killed keeper left behind", async () => {
    const second = await ControlServer.start({ dataDirectory, perform: (order) => perform(order) });
    expect(await send(PAUSE)).to.deep.equal({ isDone: true, detail: "done" });
    await second.close();
  });

  it("refuses a data directory whose path no socket can have", () => {
    expect(() => controlPath(`/${"d".repeat(120)}`))
      .to.throw(KeeperError)
      .with.property("code", "ControlPathTooLong");
  });
});

describe("readOrder", () => {
  it("cuts texts off, and wants a reason for everything but a signature", () => {
    const long = readOrder({ order: { kind: "pause", reason: "x".repeat(9_999) }, by: "y".repeat(9_999) });
    expect(long?.by).to.have.length(500);
    expect(long?.order).to.include({ reason: "x".repeat(500) });
    expect(readOrder({ order: { kind: "acknowledge", key: "0x12" }, by: "a" })).to.equal(null);
    expect(readOrder({ order: { kind: "sign-resume" }, by: "a" })?.order).to.deep.equal({
      kind: "sign-resume",
      afterConsensusFault: false,
    });
    for (const none of [null, 7, "pause", {}, { order: PAUSE }, { order: PAUSE, by: "" }])
      expect(readOrder(none)).to.equal(null);
  });
});
