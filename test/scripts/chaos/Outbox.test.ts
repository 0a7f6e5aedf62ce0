import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { WebSocketServer, type WebSocket } from "ws";

import { Outbox } from "../../../scripts/chaos/Outbox.ts";
import { Listener } from "./client.ts";

describe("Outbox", () => {
  let server: WebSocketServer;
  let listener: Listener;
  let socket: WebSocket;
  let end: AbortController;
  let outbox: Outbox;

  beforeEach(async () => {
    server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    const accepted = once(server, "connection") as Promise<[WebSocket]>;
    if (server.address() === null) await once(server, "listening");
    listener = await Listener.open(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    [socket] = await accepted;
    end = new AbortController();
    outbox = new Outbox(socket, 100, end.signal, () => undefined);
  });

  afterEach(() => {
    end.abort();
    listener.end();
    socket.terminate();
    server.close();
  });

  const bytes = (text: string): Buffer => Buffer.from(text);

  it("keeps messages whole and in order behind one that trickles", async () => {
    outbox.send(bytes("first"), false);
    outbox.send(bytes("slow"), false, { bytesPerSecond: 100, isTwice: true });
    outbox.sendHuge(7, 3);
    outbox.send(bytes("last"), false, { isTwice: true });
    await listener.until(() => listener.heard.length === 6);
    const huge = '{"jsonrpc":"2.0","id":7,"result":"xxx"}';
    expect(listener.heard).to.deep.equal(["first", "slow", "slow", huge, "last", "last"]);
    outbox.send(bytes("later"), false);
    await listener.until(() => listener.heard.length === 7);
  });

  it("cuts a message off that has waited its turn", async () => {
    outbox.send(bytes("slow"), false, { bytesPerSecond: 100 });
    outbox.send(bytes("cut off"), false, { cutAfter: 3 });
    await listener.until(() => listener.closed !== undefined);
    expect([listener.closed, listener.heard]).to.deep.equal([1_006, ["slow"]]);
  });

  it("ends the socket when more waits than the cap", async () => {
    outbox.send(bytes("slow"), false, { bytesPerSecond: 1 });
    outbox.send(bytes("x".repeat(96)), false);
    expect(socket.readyState).to.equal(socket.OPEN);
    outbox.send(bytes("x"), false);
    await listener.until(() => listener.closed !== undefined);
    expect(listener.heard).to.deep.equal([]);
  });
});
