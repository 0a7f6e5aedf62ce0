import { expect } from "chai";

import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import { call, Listener, resultOf } from "./client.ts";

type Json = Record<string, unknown>;

describe("ChaosRpc over WebSocket", function () {
  this.timeout(20_000);
  let node: LocalNode;
  let liar: LocalNode;
  let proxy: ChaosRpc;
  let listener: Listener;
  let direct: Listener;

  before(async () => {
    const signal = new AbortController().signal;
    const options = { chain: "anvil", port: 0, host: "127.0.0.1", signal } as const;
    [node, liar] = await Promise.all([startNode(options), startNode(options)]);
    await resultOf(liar.url, "anvil_mine", ["0x64"]);
    proxy = await ChaosRpc.start({ upstreams: [node.url, liar.wsUrl], seed: 1 });
  });

  beforeEach(async () => {
    listener = await Listener.open(proxy.wsUrl, { "user-agent": "keeper/1" });
    direct = await Listener.open(node.wsUrl);
  });

  afterEach(async () => {
    listener.end();
    direct.end();
    proxy.clear();
    await proxy.setUpstream(0);
  });

  after(async () => {
    await proxy.close();
    await Promise.all([node.stop(), liar.stop()]);
  });

  const subscribe = (): Promise<unknown> => listener.resultOf("eth_subscribe", ["newHeads"]);

  /** Mines, and waits until another client of the node has heard of it. */
  async function mine(count: number, at = node): Promise<number[]> {
    if (direct.heads().length === 0 && at === node) await direct.resultOf("eth_subscribe", ["newHeads"]);
    const from = direct.heads().length;
    const first = Number(await resultOf(at.url, "eth_blockNumber")) + 1;
    // One by one: Anvil may push fewer heads than blocks that come at once.
    for (let index = 0; index < count; index++) {
      await resultOf(at.url, "evm_mine");
      if (at === node) await direct.until(() => direct.heads().length > from + index);
    }
    return Array.from({ length: count }, (_, index) => first + index);
  }

  /** Once this is answered, whatever the node said before has been heard. */
  async function settle(): Promise<void> {
    for (let round = 0; round < 3; round++) await listener.ask(call("net_listening", [], `settle-${round}`));
  }

  it("tells the truth byte for byte, pushes included", async () => {
    proxy.setRules(["eth_getLogs: empty"]);
    await subscribe();
    await mine(2);
    await listener.until(() => listener.heads().length === 2);
    const plain = (text: string): string => text.replace(/"subscription":"0x[0-9a-f]+"/, "");
    const pushes = (from: Listener): string[] =>
      from.heard.filter((text) => text.includes("newHeads") || text.includes("stateRoot")).map(plain);
    expect(pushes(listener)).to.deep.equal(pushes(direct));
    const odd = ' {"method":"eth_chainId", "id":1e2,"params":[],"jsonrpc":"2.0"}';
    for (const message of [odd, "[]", "{", JSON.stringify([call("eth_chainId", [], 5), call("eth_nonsense", [], 6)])]) {
      const before = [listener.heard.length, direct.heard.length] as const;
      for (const socket of [listener, direct]) socket.send(message);
      await Promise.all([
        listener.until(() => listener.heard.length > before[0]),
        direct.until(() => direct.heard.length > before[1]),
      ]);
      expect(listener.heard[before[0]]).to.equal(direct.heard[before[1]]);
    }
  });

  it("counts calls, and knows the client", async () => {
    proxy.setRules(["* client=keeper: null"]);
    const before = proxy.calls.get("eth_chainId") ?? 0;
    expect(await listener.resultOf("eth_chainId")).to.equal(null);
    const auditor = await Listener.open(proxy.wsUrl, { "user-agent": "auditor/1" });
    expect(await auditor.resultOf("eth_chainId")).to.equal("0x7a69");
    auditor.end();
    expect(proxy.calls.get("eth_chainId")).to.equal(before + 2);
  });

  it("lies as over HTTP, also within a batch, and to calls at the same time", async () => {
    await mine(5);
    const height = Number(await resultOf(node.url, "eth_blockNumber"));
    proxy.setRules([
      "eth_blockNumber: stale 2",
      "eth_gasPrice: error -32005 limit",
      "net_version: drop",
      "eth_accounts: reorder",
    ]);
    const batch = [call("eth_blockNumber", [], "a"), call("net_version", [], "b"), call("eth_accounts", [], "c")];
    const [replies, single, failed] = await Promise.all([
      listener.ask(batch),
      listener.resultOf("eth_blockNumber"),
      listener.resultOf("eth_gasPrice"),
    ]);
    const older = `0x${(height - 2).toString(16)}`;
    expect((replies as Json[]).map(({ id }) => id)).to.deep.equal(["c", "a"]);
    expect((replies as Json[])[1]?.["result"]).to.equal(older);
    expect(single).to.equal(older);
    expect(failed).to.deep.equal({ code: -32_005, message: "limit" });
  });

  it("hangs, delays and sends answers twice", async () => {
    proxy.setRules(["net_version: hang", "eth_chainId: delay 60", "eth_gasPrice: duplicate"]);
    listener.send(call("net_version", [], "hung"));
    const from = performance.now();
    expect(await listener.resultOf("eth_chainId")).to.equal("0x7a69");
    expect(performance.now() - from).to.be.greaterThan(58);
    await listener.resultOf("eth_gasPrice");
    await settle();
    expect(listener.heard.filter((text) => text.includes("eth_gasPrice"))).to.have.lengthOf(2);
    expect(listener.heard.filter((text) => text.includes("hung"))).to.deep.equal([]);
  });

  it("lets answers trickle in fragments, one after the other", async () => {
    proxy.setRules(["*: drip 800"]);
    const from = performance.now();
    listener.send(call("eth_chainId", [], 1));
    listener.send(call("net_version", [], 2));
    await listener.until(() => listener.heard.length === 2);
    const results = new Set(listener.messages().map((message) => (message as Json)["result"]));
    expect(results).to.deep.equal(new Set(["0x7a69", "31337"]));
    expect(performance.now() - from).to.be.greaterThan(80);
  });

  it("cuts an answer off", async () => {
    proxy.setRules(["eth_chainId: truncate 7"]);
    listener.send(call("eth_chainId"));
    await listener.until(() => listener.closed !== undefined);
    expect([listener.closed, listener.heard]).to.deep.equal([1_006, []]);
  });

  it("says something else, and more than anybody wants to hold", async () => {
    proxy.setRules(["eth_chainId: raw <html>", "net_version: huge 2000000"]);
    listener.send(call("eth_chainId"));
    await listener.until(() => listener.heard.length === 1);
    expect(listener.heard).to.deep.equal(["<html>"]);
    const big = JSON.parse(await nextText(() => listener.send(call("net_version", [], "big")))) as Json;
    expect([big["id"], (big["result"] as string).length]).to.deep.equal(["big", 2_000_000]);
  });

  async function nextText(act: () => void): Promise<string> {
    const from = listener.heard.length;
    act();
    await listener.until(() => listener.heard.length > from);
    return listener.heard[from]!;
  }

  it("closes the socket with a code, without one, and by a reset", async () => {
    for (const [rule, code] of [
      ["close-ws 4001", 4_001],
      ["close-ws", 1_001],
      ["close-ws 1006", 1_006],
      ["refuse", 1_006],
    ] as const) {
      const socket = await Listener.open(proxy.wsUrl);
      proxy.setRules([`eth_chainId: ${rule}`]);
      socket.send(call("eth_chainId"));
      await socket.until(() => socket.closed !== undefined);
      expect(socket.closed, rule).to.equal(code);
    }
  });

  for (const rule of ["mute-ws", "mute-ws no-pong"]) {
    it(`keeps the socket and says nothing any more after ${rule}, whatever comes`, async () => {
      await subscribe();
      const other = await Listener.open(proxy.wsUrl);
      const before = proxy.calls.get("eth_chainId") ?? 0;
      const mute = proxy.rule(`eth_subscription times=1: ${rule}`);
      await mine(1);
      while (mute.told === 0) await new Promise((resolve) => setImmediate(resolve));
      await other.resultOf("eth_subscribe", ["newHeads"]);
      await mine(2);
      await other.until(() => other.heads().length === 2);
      listener.send(call("eth_chainId"));
      listener.socket.ping();
      if (rule === "mute-ws") await listener.until(() => listener.pongs === 1);
      else {
        other.socket.ping();
        await other.until(() => other.pongs === 1);
      }
      await other.resultOf("eth_chainId");
      expect([listener.heads(), listener.closed, listener.pongs]).to.deep.equal([
        [],
        undefined,
        rule === "mute-ws" ? 1 : 0,
      ]);
      expect(listener.heard).to.have.lengthOf(1);
      // Only the other one's.
      expect(proxy.calls.get("eth_chainId")).to.equal(before + 1);
      other.end();
    });
  }

  describe("lies about pushes", () => {
    it("drops them", async () => {
      await subscribe();
      proxy.setRules(["eth_subscription every=2: drop"]);
      const [first, , third] = await mine(3);
      await listener.until(() => listener.heads().length === 2);
      expect(listener.heads()).to.deep.equal([first, third]);
    });

    it("sends them later, twice, and in another order", async () => {
      await subscribe();
      proxy.setRules(["eth_subscription times=1: delay 50"]);
      const [late] = await mine(1);
      await listener.until(() => listener.heads().length === 1);
      proxy.setRules(["eth_subscription times=1: duplicate"]);
      const [twice] = await mine(1);
      await listener.until(() => listener.heads().length === 3);
      proxy.setRules(["eth_subscription: shuffle 2"]);
      const [a, b, held] = await mine(3);
      await listener.until(() => listener.heads().length === 5);
      expect(listener.heads()).to.deep.equal([late, twice, twice, b, a]);
      proxy.clear();
      await listener.until(() => listener.heads().length === 6);
      expect(listener.heads().at(-1)).to.equal(held);
    });

    it("holds them back as a node that is behind, and lets them go with the truth", async () => {
      await subscribe();
      proxy.setRules(["*: stale 2"]);
      const [first, second, third] = await mine(3);
      await listener.until(() => listener.heads().length === 1);
      expect(Number(await listener.resultOf("eth_blockNumber"))).to.equal(first);
      expect(listener.heads()).to.deep.equal([first]);
      proxy.clear();
      await listener.until(() => listener.heads().length === 3);
      expect(listener.heads()).to.deep.equal([first, second, third]);
    });

    it("edits them, and says something else", async () => {
      await subscribe();
      proxy.setRules(["eth_subscription[stateRoot] times=1: edit /number 0x5", "eth_subscription: raw [%answer%"]);
      await mine(2);
      await listener.until(() => listener.heard.length === 3);
      expect(JSON.parse(listener.heard[1]!)).to.have.nested.property("params.result.number", "0x5");
      expect(listener.heard[2]).to.match(/^\[\{.*"eth_subscription"/);
    });

    it("closes the socket when the function of a rule throws", async () => {
      await subscribe();
      const change = (): never => {
        throw new Error("oops");
      };
      proxy.rule({ method: "eth_subscription", action: "replace", change });
      await mine(1);
      await listener.until(() => listener.closed !== undefined);
      expect(listener.closed).to.equal(1_011);
    });
  });

  it("stands before a Hardhat node as well", async () => {
    const signal = new AbortController().signal;
    const hardhat = await startNode({ chain: "hardhat", port: 0, host: "127.0.0.1", signal });
    const before = await ChaosRpc.start({ upstreams: [hardhat.url], rules: ["eth_blockNumber: stale 1"] });
    try {
      const socket = await Listener.open(before.wsUrl);
      const subscription = await socket.resultOf("eth_subscribe", ["newHeads"]);
      for (let block = 1; block <= 2; block++) {
        await socket.resultOf("evm_mine");
        await socket.until(() => socket.heads().length === block);
        await before.setUpstream(0);
      }
      expect(socket.heads(subscription)).to.deep.equal([1, 2]);
      expect(await socket.resultOf("eth_blockNumber")).to.equal("0x1");
      expect(await resultOf(before.url, "eth_blockNumber")).to.equal("0x1");
    } finally {
      await before.close();
      await hardhat.stop();
    }
  });

  describe("with another upstream", () => {
    it("asks it when a rule says so", async () => {
      proxy.setRules(["eth_blockNumber: upstream 1"]);
      expect(Number(await listener.resultOf("eth_blockNumber"))).to.be.greaterThan(99);
      proxy.setRules(["eth_subscribe: upstream 1"]);
      const subscription = await subscribe();
      const [head] = await mine(1, liar);
      await listener.until(() => listener.heads().length === 1);
      expect(listener.heads(subscription)).to.deep.equal([head]);
    });

    it("goes over to it with open sockets and their subscriptions, and back", async () => {
      const subscription = await subscribe();
      const [own] = await mine(1);
      await listener.until(() => listener.heads().length === 1);
      await proxy.setUpstream(1);
      const [foreign] = await mine(1, liar);
      await listener.until(() => listener.heads().length === 2);
      expect(Number(await listener.resultOf("eth_blockNumber"))).to.equal(foreign);
      await proxy.setUpstream(0);
      const [back] = await mine(1);
      await listener.until(() => listener.heads().length === 3);
      expect(listener.heads(subscription)).to.deep.equal([own, foreign, back]);
      expect(await listener.resultOf("eth_unsubscribe", [subscription])).to.equal(true);
      await mine(1);
      await settle();
      expect(listener.heads()).to.have.lengthOf(3);
    });

    it("ends the sockets when that one is not there", async () => {
      await subscribe();
      await proxy.setUpstream("ws://127.0.0.1:1");
      await listener.until(() => listener.closed !== undefined);
      expect(listener.closed).to.equal(1_006);
      await proxy.setUpstream(node.url);
    });
  });
});
