import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { expect } from "chai";

import { LockstepClient } from "../../../client/index.ts";
import type { ApiHandlers } from "../../../keeper/api/ports.ts";
import { startApi, type Api } from "../../../keeper/api/startApi.ts";
import { IDLE_HANDLERS } from "../../helpers/idleHandlers.ts";
import { Waiters } from "../../helpers/keeper/Waiters.ts";

const HANDLERS: ApiHandlers = {
  ...IDLE_HANDLERS,
  status: () => ({ state: "IN_SYNC", note: "line\nfeed: in data", wei: 2n ** 80n }),
};
const MANY = 220;

describe("EventStream", function () {
  this.timeout(30_000);
  let api: Api;
  const sockets: Socket[] = [];
  const waiters = new Waiters();

  beforeEach(async () => {
    api = await startApi({ port: 0, handlers: HANDLERS, closeGraceMs: 50, heartbeatMs: 25 });
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await api.close();
  });

  /** A connection that has asked for the stream; it reads only if it is told to. */
  async function listen(isReading: boolean): Promise<{ readonly socket: Socket; text: string }> {
    const socket = connect(api.port, api.host);
    sockets.push(socket);
    const listener = { socket, text: "" };
    socket.on("error", () => undefined);
    await once(socket, "connect");
    if (isReading) {
      socket.on("data", (chunk: Buffer) => {
        listener.text += chunk.toString();
        waiters.wake();
      });
    }
    socket.write("GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    return listener;
  }

  const streaming = (count: number): Promise<void> => {
    const timer = setInterval(() => waiters.wake(), 10);
    return waiters.until(() => api.events.clientCount === count).finally(() => clearInterval(timer));
  };

  it("begins with the status, keeps data on one line, and says that it is alive while nothing happens", async () => {
    const listener = await listen(true);
    await waiters.until(() => listener.text.includes("event: heartbeat"));
    expect(listener.text).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    expect(listener.text).to.match(/content-type: text\/event-stream; charset=utf-8\r\n/);
    expect(listener.text).to.match(/x-content-type-options: nosniff/);
    expect(listener.text).to.include(
      'data: {"state":"IN_SYNC","note":"line\\nfeed: in data","wei":"1208925819614629174706176"}\n\n',
    );
    const ids = [...listener.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).to.deep.equal(ids.toSorted((one, other) => one - other));
  });

  it(`tells ${MANY} clients the same, and forgets those that go`, async () => {
    const listeners = await Promise.all(Array.from({ length: MANY }, () => listen(true)));
    await streaming(MANY);
    api.events.publish({ event: "condition", data: { kind: "split", detail: "two branches", holds: true } });
    await waiters.until(() => listeners.every(({ text }) => text.includes('"two branches"')));
    for (const { socket } of listeners) socket.destroy();
    await streaming(0);
  });

  it("cuts off a client that does not read, and keeps no more for it than its bound", async () => {
    const [slow, quick] = [await listen(false), await listen(true)];
    await streaming(2);
    const detail = "x".repeat(8_192);
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    // More than the kernel's buffers and the bound together take.
    for (let at = 0; at < 4_000 && api.events.cutOffCount === 0; at += 1) {
      api.events.publish({ event: "condition", data: { kind: "split", detail, holds: true } });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(api.events.cutOffCount).to.equal(1);
    expect(api.events.clientCount).to.equal(1);
    expect(process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before).to.be.lessThan(
      64 * 1024 * 1024,
    );
    api.events.publish({ event: "condition", data: { kind: "split", detail: "the last one", holds: false } });
    await waiters.until(() => quick.text.includes("the last one"));
    slow.socket.destroy();
  });

  it("refuses more clients than it may have, and says when to ask again", async () => {
    const small = await startApi({ port: 0, handlers: HANDLERS, closeGraceMs: 50, maxStreams: 1 });
    try {
      const end = new AbortController();
      const events = new LockstepClient(small.url).events({ signal: end.signal });
      expect((await events.next()).value).to.have.property("event", "status");
      const refused = await fetch(`${small.url}/v1/events`);
      expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([503, "10"]);
      expect(await refused.json()).to.have.property("code", "TooManyStreams");
      end.abort();
      expect((await events.next()).done).to.equal(true);
    } finally {
      await small.close();
    }
  });

  it("ends with the API, and a client's loop with it", async () => {
    const kinds: string[] = [];
    const reading = (async () => {
      for await (const { event } of new LockstepClient(api.url).events()) {
        kinds.push(event);
        waiters.wake();
      }
    })();
    await waiters.until(() => kinds.length > 1);
    await api.close();
    await reading;
    expect(kinds.slice(0, 2)).to.deep.equal(["status", "heartbeat"]);
  });

  it("is given up by a client when nothing comes for too long", async () => {
    const silent = await startApi({ port: 0, handlers: HANDLERS, closeGraceMs: 50, heartbeatMs: 60_000 });
    try {
      const events: string[] = [];
      for await (const { event } of new LockstepClient(silent.url).events({ silenceMs: 60 })) events.push(event);
      expect(events).to.deep.equal(["status"]);
    } finally {
      await silent.close();
    }
  });
});
