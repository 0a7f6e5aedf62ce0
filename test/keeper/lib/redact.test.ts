import { expect } from "chai";
import { redactText, redactUrl } from "../../../keeper/lib/redact.ts";

describe("redactUrl", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["https://mainnet.infura.io/v3/0123456789abcdef0123456789abcdef", "https://mainnet.infura.io/v3/***"],
    ["https://eth-mainnet.g.alchemy.com/v2/abc-DEF_123456789012", "https://eth-mainnet.g.alchemy.com/v2/***"],
    ["wss://user:pass@rpc.example:8546/ws", "wss://***@rpc.example:8546/ws"],
    ["https://token@rpc.example", "https://***@rpc.example"],
    ["https://rpc.example/?apikey=short&x=1#frag", "https://rpc.example?apikey=***&x=***#***"],
    ["https://rpc.example/ext/bc/C/rpc", "https://rpc.example/ext/bc/C/rpc"],
    ["http://127.0.0.1:8545", "http://127.0.0.1:8545"],
    ["postgres://u:p@db/lockstep", "postgres://***@db/lockstep"],
    ["https://rpc.example/a1b2c3d4e5", "https://rpc.example/***"],
    ["https://0123456789abcdef0123456789abcdef.eth.rpc.example:1", "https://***.eth.rpc.example:1"],
    ["http://[2001:db8:0:0:1234:5678:9abc:def0]:8545", "http://[2001:db8::1234:5678:9abc:def0]:8545"],
    ["/var/run/geth.ipc", "/var/run/geth.ipc"],
    ["http://[broken", "***"],
    ["user:secret@host", "***"],
  ];

  for (const [url, shown] of cases) {
    it(`shows ${url} as ${shown}`, () => expect(redactUrl(url)).to.equal(shown));
  }
});

describe("redactText", () => {
  it("redacts every URL in a text and leaves the rest", () => {
    const key = "0123456789abcdef0123";
    const text = `GET https://a.example/${key}, then ("wss://b.example?k=${key}") at 0x${"ab".repeat(32)}`;
    expect(redactText(text)).to.equal(
      `GET https://a.example/*** then ("wss://b.example?k=***") at 0x${"ab".repeat(32)}`,
    );
  });

  it("takes a quote or bracket for a part of the URL where more of it follows, and not at its end", () => {
    const key = "0123456789abcdef";
    expect(redactText(`at http://u:a'${key}@h/v1/x'${key}?k={${key}`)).to.equal("at http://***@h/v1/***?k=***");
    expect(redactText("the URL 'http://h/rpc', or {http://h/rpc}")).to.equal(
      "the URL 'http://h/rpc', or {http://h/rpc}",
    );
    expect(redactText(`http://h/${"'".repeat(100_000)}`)).to.include("http://h'");
  });
});
