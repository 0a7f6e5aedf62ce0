import type { ServerResponse } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { expect } from "chai";
import { keccak256, SigningKey, Transaction } from "ethers";

import type { TransactionRequest } from "../../../../keeper/actions/plan/TransactionRequest.ts";
import { KeySigner } from "../../../../keeper/actions/signers/KeySigner.ts";
import { RemoteSigner } from "../../../../keeper/actions/signers/RemoteSigner.ts";
import { SignerClient, type SignerClientOptions } from "../../../../keeper/actions/signers/SignerClient.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import type { Hex } from "../../../../keeper/lib/hex.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { makeCertificates, type Certificates } from "./certificates.ts";
import { SignerServer, type SignerLie } from "./SignerServer.ts";

const KEY: Hex = `0x${"42".repeat(32)}`;
const OTHER_KEY: Hex = `0x${"43".repeat(32)}`;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const DEADLINE_MS = 2_000;
/** For what never answers. */
const SHORT_MS = 150;
const REQUEST: TransactionRequest = {
  chainId: 31_337,
  to: `0x${"11".repeat(20)}`,
  data: "0xdeadbeef",
  nonce: 7,
  gasLimit: 100_000n,
  maxFeePerGas: 30n,
  maxPriorityFeePerGas: 2n,
};
const TYPED = { domainSeparator: `0x${"0a".repeat(32)}`, structHash: `0x${"0b".repeat(32)}` } as const;

const faultOf = async (promise: Promise<unknown>): Promise<KeeperError> => {
  const outcome = await promise.catch((error: unknown) => error);
  if (KeeperError.is(outcome)) return outcome;
  throw new Error(`no fault: ${JSON.stringify(outcome)}`);
};

describe("RemoteSigner", () => {
  const local = new KeySigner(KEY);
  const open: { close: () => unknown }[] = [];
  let certificates: Certificates;

  before(() => {
    certificates = makeCertificates();
  });
  after(() => certificates.remove());
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  async function serve(options: Partial<Parameters<typeof SignerServer.start>[0]> = {}): Promise<SignerServer> {
    const server = await SignerServer.start({ keys: [OTHER_KEY, KEY], ...options });
    open.push({ close: () => server.close() });
    return server;
  }

  function signerAt(url: string, options: Partial<SignerClientOptions> = {}, address = local.address): RemoteSigner {
    const signer = new RemoteSigner(address, new SignerClient({ url, deadlineMs: DEADLINE_MS, ...options }));
    open.push(signer);
    return signer;
  }

  const mutual = (): NonNullable<SignerClientOptions["tls"]> => {
    const { ca, client } = certificates;
    return { ca: ca.cert, cert: client.cert, key: client.key };
  };

  describe("over mutual TLS", () => {
    it("signs random transactions and typed data as the key itself does", async () => {
      const server = await serve({ certificates });
      const signer = signerAt(server.url, { tls: mutual() });
      const random = new SeededRandom(chooseSeed(38));
      for (let round = 0; round < 100; round += 1) {
        const request = { ...REQUEST, data: random.hex(random.below(300)), nonce: random.below(2 ** 31) };
        expect(await signer.signTransaction(request)).to.deep.equal(local.signTransaction(request));
        const typed = { domainSeparator: random.hex(32), structHash: random.hex(32) };
        expect(await signer.signTypedData(typed)).to.equal(local.signTypedData(typed));
      }
      await signer.check();
    }).timeout(20_000);

    it("asks for the hash of exactly the unsigned payload, and of 0x1901, domain and struct, by the key's own name", async () => {
      const server = await serve({ certificates });
      const signer = signerAt(server.url, { tls: mutual() });
      await signer.signTransaction(REQUEST);
      await signer.signTypedData(TYPED);
      const unsigned = Transaction.from({ ...REQUEST, type: 2 }).unsignedSerialized;
      const typed = `0x1901${TYPED.domainSeparator.slice(2)}${TYPED.structHash.slice(2)}`;
      const path = `/api/v1/eth1/sign/0x${new SigningKey(KEY).publicKey.slice(4)}`;
      expect(server.requests).to.deep.equal([
        { method: "GET", path: "/api/v1/eth1/publicKeys", body: "" },
        { method: "POST", path, body: JSON.stringify({ data: unsigned }) },
        { method: "POST", path, body: JSON.stringify({ data: typed }) },
      ]);
    });

    it("keeps one connection and makes the handshake once", async () => {
      const server = await serve({ certificates });
      const signer = signerAt(server.url, { tls: mutual() });
      await signer.check();
      for (let round = 0; round < 5; round += 1) await signer.signTransaction(REQUEST);
      await signer.check();
      expect([server.requests.length, server.connectionCount]).to.deep.equal([9, 1]);
    });

    it("signs again over a new connection when the old one was closed meanwhile", async () => {
      const server = await serve({ certificates });
      const signer = signerAt(server.url, { tls: mutual() });
      const expected = local.signTransaction(REQUEST);
      for (let round = 0; round < 3; round += 1) {
        expect(await signer.signTransaction(REQUEST)).to.deep.equal(expected);
        server.cut();
      }
      expect(server.connectionCount).to.equal(3);
    });

    it("is refused without a client certificate, and with a stranger's", async () => {
      const server = await serve({ certificates });
      const { stranger, ca } = certificates;
      for (const tls of [{ ca: ca.cert }, { ca: ca.cert, cert: stranger.cert, key: stranger.key }]) {
        const signer = signerAt(server.url, { tls });
        for (const asked of [() => signer.check(), () => signer.signTransaction(REQUEST)]) {
          expect((await faultOf(asked())).code).to.equal("SignerUnreachable");
        }
      }
      expect(server.requests).to.deep.equal([]);
    });

    it("tells a server that no trusted authority vouches for, or that has another name, nothing", async () => {
      const [server, misnamed] = [await serve({ certificates }), await serve({ certificates, identity: "misnamed" })];
      const { cert, key } = mutual();
      const untrusted = await faultOf(
        signerAt(server.url, { tls: { cert: cert!, key: key! } }).signTransaction(REQUEST),
      );
      const elsewhere = await faultOf(signerAt(misnamed.url, { tls: mutual() }).signTransaction(REQUEST));
      expect([untrusted.code, elsewhere.code]).to.deep.equal(["SignerUnreachable", "SignerUnreachable"]);
      expect(elsewhere.payload["systemCode"]).to.equal("ERR_TLS_CERT_ALTNAME_INVALID");
      expect([...server.requests, ...misnamed.requests]).to.deep.equal([]);
    });
  });

  describe("a signer that lies", () => {
    const answer = (text: string): SignerLie => {
      return ({ method }, response) => (method === "POST" ? response.writeHead(200).end(text) : undefined);
    };
    const bySigning = (sign: (data: string) => string): SignerLie => {
      return ({ method, body }, response) => {
        if (method !== "POST") return undefined;
        return response.writeHead(200).end(sign((JSON.parse(body) as { data: string }).data));
      };
    };
    const otherChain = Transaction.from({ ...REQUEST, chainId: 1, type: 2 }).unsignedSerialized;
    const otherNonce = Transaction.from({ ...REQUEST, nonce: 8, type: 2 }).unsignedSerialized;
    const honest = (data: string): string => SignerServer.sign(KEY, data);

    const lies: Record<string, SignerLie> = {
      "another key": bySigning((data) => SignerServer.sign(OTHER_KEY, data)),
      "another digest": bySigning(() => honest("0x00")),
      "the data hashed twice": bySigning((data) => honest(keccak256(data))),
      "the data unhashed, as a personal message": bySigning((data) => honest(`0x19457468${data.slice(2)}`)),
      "another chain's transaction": bySigning(() => honest(otherChain)),
      "another nonce": bySigning(() => honest(otherNonce)),
      "the other parity": bySigning((data) => honest(data).replace(/..$/, (v) => (v === "1b" ? "1c" : "1b"))),
      "the v of EIP-155": bySigning((data) => honest(data).replace(/..$/, "25")),
      "a bit flipped": bySigning((data) => honest(data).replace(/^0x./, (head) => (head === "0x1" ? "0x2" : "0x1"))),
      zeros: answer(`0x${"00".repeat(65)}`),
      ones: answer(`0x${"ff".repeat(65)}`),
      "64 bytes": bySigning((data) => honest(data).slice(0, -2)),
      "66 bytes": bySigning((data) => `${honest(data)}00`),
      "no prefix": bySigning((data) => honest(data).slice(2)),
      JSON: bySigning((data) => JSON.stringify({ signature: honest(data) })),
      "a page": answer("<html>welcome</html>"),
      nothing: answer(""),
    };
    for (const [name, lie] of Object.entries(lies)) {
      it(`is refused with SignerWrongSignature: ${name}`, async () => {
        const server = await serve();
        const signer = signerAt(server.url);
        server.lie = lie;
        for (const asked of [() => signer.signTransaction(REQUEST), () => signer.signTypedData(TYPED)]) {
          const fault = await faultOf(asked());
          expect([fault.code, fault.payload["address"]]).to.deep.equal(["SignerWrongSignature", local.address]);
        }
        server.lie = null;
        expect(await signer.signTransaction(REQUEST)).to.deep.equal(local.signTransaction(REQUEST));
      });
    }

    it("cannot make a transaction that chains refuse: the upper half of the order is brought into the lower one", async () => {
      const server = await serve();
      const signer = signerAt(server.url);
      server.lie = bySigning((data) => {
        const text = honest(data);
        const s = (ORDER - BigInt(`0x${text.slice(66, 130)}`)).toString(16).padStart(64, "0");
        return `${text.slice(0, 66)}${s}${text.endsWith("1b") ? "1c" : "1b"}`;
      });
      expect(await signer.signTransaction(REQUEST)).to.deep.equal(local.signTransaction(REQUEST));
      expect(await signer.signTypedData(TYPED)).to.equal(local.signTypedData(TYPED));
    });

    it("may write v as 0 or 1, and end its line", async () => {
      const server = await serve();
      const signer = signerAt(server.url);
      server.lie = bySigning((data) => `${honest(data).replace(/..$/, (v) => (v === "1b" ? "00" : "01"))}\n`);
      expect(await signer.signTransaction(REQUEST)).to.deep.equal(local.signTransaction(REQUEST));
    });
  });

  describe("a signer that does not work", () => {
    const cases: [string, string, SignerLie][] = [
      ["SignerRefused", "answers 500 with a page", (_, response) => response.writeHead(500).end("vault sealed")],
      ["SignerRefused", "answers 503", (_, response) => response.writeHead(503).end()],
      ["SignerRefused", "answers 401", (_, response) => response.writeHead(401).end("who are you")],
      [
        "SignerRefused",
        "redirects",
        (_, response) => response.writeHead(307, { location: "http://127.0.0.1:1/" }).end(),
      ],
      ["SignerRefused", "refuses without end", (_, response) => flood(response.writeHead(500))],
      ["SignerMalformed", "answers without end", (_, response) => flood(response.writeHead(200))],
      ["SignerMalformed", "answers with no UTF-8", (_, response) => response.writeHead(200).end(Buffer.of(0xff, 0xfe))],
      ["SignerUnreachable", "closes without a word", (_, response) => response.destroy()],
      ["SignerUnreachable", "closes in the middle", (_, response) => breakOff(response)],
      ["SignerTimeout", "never answers", () => true],
      ["SignerTimeout", "answers drop by drop", (_, response) => drip(response)],
    ];
    for (const [code, name, lie] of cases) {
      it(`fails with ${code} when it ${name}`, async () => {
        const server = await serve();
        const isHanging = code === "SignerTimeout";
        const signer = signerAt(server.url, { deadlineMs: isHanging ? SHORT_MS : DEADLINE_MS });
        await signer.check();
        server.lie = lie;
        const startedAt = performance.now();
        for (const asked of [
          () => signer.signTransaction(REQUEST),
          () => signer.signTypedData(TYPED),
          () => signer.check(),
        ]) {
          const fault = await faultOf(asked());
          expect(fault.code).to.equal(code);
          expect(fault.message.length).to.be.below(500);
        }
        expect(performance.now() - startedAt).to.be.below(isHanging ? 10 * SHORT_MS : DEADLINE_MS);
        server.lie = null;
        expect(await signer.signTransaction(REQUEST)).to.deep.equal(local.signTransaction(REQUEST));
      });
    }

    it("fails with SignerUnreachable where nothing listens", async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      await new Promise((resolve) => server.close(resolve));
      const fault = await faultOf(signerAt(`http://127.0.0.1:${port}`).signTransaction(REQUEST));
      expect([fault.code, fault.payload["systemCode"]]).to.deep.equal(["SignerUnreachable", "ECONNREFUSED"]);
    });

    it("fails with SignerKeyMissing when it does not hold the key, and with SignerRefused when it lost it since", async () => {
      const [without, losing] = [await serve({ keys: [OTHER_KEY] }), await serve()];
      const missing = signerAt(without.url);
      for (const asked of [() => missing.check(), () => missing.signTransaction(REQUEST)]) {
        const fault = await faultOf(asked());
        expect([fault.code, fault.payload["keyCount"]]).to.deep.equal(["SignerKeyMissing", 1]);
      }
      const signer = signerAt(losing.url);
      await signer.check();
      losing.lie = ({ method }, response) => {
        return method === "POST" ? response.writeHead(404).end("Public Key not found") : undefined;
      };
      const fault = await faultOf(signer.signTransaction(REQUEST));
      expect([fault.code, fault.payload["status"]]).to.deep.equal(["SignerRefused", 404]);
    });

    it("fails with SignerMalformed when its list of keys is none, and passes over entries that are no keys", async () => {
      const server = await serve();
      const signer = signerAt(server.url);
      for (const list of ["", "{}", "[7]", "<html>", `["0x12"`]) {
        server.lie = (_, response) => response.writeHead(200).end(list);
        expect((await faultOf(signer.check())).code, list).to.equal("SignerMalformed");
      }
      const { publicKey, compressedPublicKey } = new SigningKey(KEY);
      const noPoint = `0x${"12".repeat(64)}`;
      for (const name of [
        publicKey,
        compressedPublicKey,
        `0x${publicKey.slice(4)}`,
        publicKey.slice(4).toUpperCase(),
      ]) {
        const list = JSON.stringify(["x", "../../reload", noPoint, name]);
        server.lie = ({ path }, response) => (path.endsWith("Keys") ? response.writeHead(200).end(list) : undefined);
        await signer.check();
      }
    });

    it("answers nothing once it is closed, and cuts what waits", async () => {
      const server = await serve();
      const signer = signerAt(server.url);
      server.lie = () => true;
      const waiting = faultOf(signer.signTransaction(REQUEST));
      while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
      signer.close();
      expect((await waiting).code).to.equal("SignerClosed");
      expect((await faultOf(signer.check())).code).to.equal("SignerClosed");
    });

    it("shows no secret of its URL, in no error", async () => {
      const secret = "hunter22hunter22hunter22";
      const server = await serve();
      const url = `${server.url.replace("://", `://user:${secret}@`)}/${secret}?token=${secret}`;
      const signer = signerAt(url, { deadlineMs: SHORT_MS });
      const lies: SignerLie[] = [
        (_, response) => response.writeHead(500).end(`cannot reach ${url}`),
        (_, response) => response.destroy(),
        () => true,
      ];
      for (const lie of lies) {
        server.lie = lie;
        const fault = await faultOf(signer.signTransaction(REQUEST));
        expect(`${fault.stack}${JSON.stringify(fault)}${JSON.stringify(fault.payload)}`).to.not.include(secret);
      }
      expect(server.requests[0]?.path).to.equal(`/${secret}/api/v1/eth1/publicKeys?token=${secret}`);
    });

    it("lets a signature pass while health checks hang", async () => {
      const server = await serve();
      const signer = signerAt(server.url);
      await signer.check();
      server.lie = ({ path }) => (path === "/upcheck" ? true : undefined);
      const hanging = [1, 2, 3].map(() => faultOf(signer.check()));
      expect(await signer.signTransaction(REQUEST)).to.deep.equal(local.signTransaction(REQUEST));
      signer.close();
      await Promise.all(hanging);
    });
  });
});

/** Never stops of itself: who reads has to. */
function flood(response: ServerResponse): true {
  const more = (): void => {
    while (!response.destroyed && response.write("x".repeat(16_384)));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
  return true;
}

function breakOff(response: ServerResponse): true {
  response.writeHead(200, { "content-length": "132" });
  response.write("0x12", () => response.destroy());
  return true;
}

function drip(response: ServerResponse): true {
  response.writeHead(200);
  const timer = setInterval(() => response.write("0"), 20);
  response.on("close", () => clearInterval(timer));
  return true;
}
