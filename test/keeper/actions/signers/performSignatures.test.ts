import { expect } from "chai";

import type { TransactionRequest } from "../../../../keeper/actions/plan/TransactionRequest.ts";
import { KeySigner } from "../../../../keeper/actions/signers/KeySigner.ts";
import { RemoteSigner } from "../../../../keeper/actions/signers/RemoteSigner.ts";
import { settleSignature } from "../../../../keeper/actions/signers/settleSignature.ts";
import type { Signer } from "../../../../keeper/actions/signers/Signer.ts";
import { SignerClient } from "../../../../keeper/actions/signers/SignerClient.ts";
import type { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { assert } from "../../../../keeper/lib/assert.ts";
import type { Hex } from "../../../../keeper/lib/hex.ts";
import type { Effect, Input, KeyName } from "../../../../keeper/loop/ports.ts";
import { Performer } from "../../../../keeper/Performer.ts";
import type { PerformerOptions } from "../../../../keeper/Performer.ts";
import { SignerServer } from "./SignerServer.ts";

const KEY: Hex = `0x${"42".repeat(32)}`;
const REGISTRY: Hex = `0x${"0e".repeat(20)}`;
const REQUEST: TransactionRequest = {
  ...{ chainId: 31_337, to: REGISTRY, data: "0x01", nonce: 3 },
  ...{ gasLimit: 21_000n, maxFeePerGas: 9n, maxPriorityFeePerGas: 1n },
};
const TYPED = { domainSeparator: `0x${"0a".repeat(32)}`, structHash: `0x${"0b".repeat(32)}` } as const;
const SIGN: Effect = { type: "sign-transaction", id: 5, key: "pause", request: REQUEST };
const ATTEST: Effect = {
  ...{ type: "sign-typed-data", id: 6, key: "attest" },
  ...TYPED,
  // What the hashes are of is for the core: no signer looks at it.
  statement: null as unknown as Extract<Effect, { type: "sign-typed-data" }>["statement"],
};

describe("the performer's signatures", () => {
  const local = new KeySigner(KEY);
  let server: SignerServer;
  let remote: RemoteSigner;

  beforeEach(async () => {
    server = await SignerServer.start({ keys: [KEY] });
    remote = new RemoteSigner(local.address, new SignerClient({ url: server.url, deadlineMs: 2_000 }));
  });
  afterEach(async () => {
    remote.close();
    await server.close();
  });

  /** Performs with one signer for every key; `next` is the input that comes after. */
  function performerOf(signer: Signer): {
    perform: (effect: Effect) => void;
    inputs: Input[];
    next: () => Promise<Input>;
  } {
    const inputs: Input[] = [];
    let wake = (): void => undefined;
    const signers: Record<KeyName, Signer> = { pause: signer, attest: signer, post: signer };
    const performer = new Performer({
      ...({ signers, now: () => 7 } as unknown as PerformerOptions),
      deliver: (input) => {
        inputs.push(input);
        wake();
      },
      onFatal: (error) => {
        throw error;
      },
    });
    const next = async (): Promise<Input> => {
      if (inputs.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return inputs.shift()!;
    };
    return { perform: (effect) => performer.perform(effect), inputs, next };
  }

  const signed = { type: "signed", id: 5, ...local.signTransaction(REQUEST), nowMs: 7 };
  const attested = { type: "signed", id: 6, raw: local.signTypedData(TYPED), hash: TYPED.structHash, nowMs: 7 };

  it("deliver what a key in this process signs before `perform` returns", () => {
    const { perform, inputs } = performerOf(local);
    perform(SIGN);
    perform(ATTEST);
    expect(inputs).to.deep.equal([signed, attested]);
  });

  it("deliver what a remote key signs once it has answered", async () => {
    const { perform, inputs, next } = performerOf(remote);
    perform(SIGN);
    expect(inputs).to.deep.equal([]);
    expect(await next()).to.deep.equal(signed);
    perform(ATTEST);
    expect(await next()).to.deep.equal(attested);
  });

  it("tell the core when a signer cannot sign, and go on", async () => {
    const { perform, next } = performerOf(remote);
    server.lie = (_, response) => response.writeHead(500).end("sealed");
    for (const [effect, id] of [
      [SIGN, 5],
      [ATTEST, 6],
    ] as const) {
      perform(effect);
      const input = await next();
      expect(input).to.include({ type: "sign-failed", id, code: "SignerRefused", nowMs: 7 });
      expect(input)
        .to.have.property("message")
        .that.matches(/HTTP 500: sealed/);
    }
    server.lie = null;
    perform(SIGN);
    expect(await next()).to.deep.equal(signed);
  });

  it("tell the core when a signer in this process cannot sign", () => {
    const closed = new KeySigner(KEY);
    closed.close();
    const { perform, inputs } = performerOf(closed);
    perform(SIGN);
    perform(ATTEST);
    expect(inputs.map((input) => [input.type, "code" in input && input.code])).to.deep.equal([
      ["sign-failed", "SignerClosed"],
      ["sign-failed", "SignerClosed"],
    ]);
  });

  describe("settleSignature", () => {
    interface Seen {
      readonly signed: string[];
      readonly failed: KeeperError[];
      readonly fatal: unknown[];
    }
    async function settled(sign: () => string | Promise<string>, onSigned?: () => void): Promise<Seen> {
      const seen: Seen = { signed: [], failed: [], fatal: [] };
      settleSignature(sign, {
        onSigned: (value) => {
          seen.signed.push(value);
          onSigned?.();
        },
        onFailed: (fault) => void seen.failed.push(fault),
        onFatal: (error) => void seen.fatal.push(error),
      });
      await new Promise((resolve) => setImmediate(resolve));
      return seen;
    }
    const bug = (): string => {
      assert(false, "cannot happen");
      return "";
    };

    it("takes a bug for a bug, now and later", async () => {
      for (const sign of [bug, async () => Promise.resolve().then(bug)]) {
        const { failed, fatal } = await settled(sign);
        expect([failed.length, fatal.length]).to.deep.equal([0, 1]);
      }
    });

    it("takes anything else for the signer's failure, and hides the URLs in it", async () => {
      const trap = new Error("no route to https://user:hunter22@signer.example/x");
      for (const sign of [
        (): string => {
          throw trap;
        },
        async () => Promise.reject(trap),
      ]) {
        const { failed, fatal } = await settled(sign);
        expect([failed[0]?.code, fatal.length]).to.deep.equal(["SignerFault", 0]);
        expect(failed[0]?.message).to.include("signer.example").and.not.include("hunter22");
      }
    });

    it("does not take a listener's failure for the signer's", async () => {
      const broken = (): void => {
        throw new Error("the core is broken");
      };
      const late = await settled(async () => Promise.resolve("x"), broken);
      expect([late.failed.length, late.fatal.length]).to.deep.equal([0, 1]);
      const early = await settled(() => "x", broken).catch((error: unknown) => error);
      expect(early).to.be.instanceOf(Error).with.property("message", "the core is broken");
    });
  });
});
