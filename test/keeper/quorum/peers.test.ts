import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";
import { TypedDataEncoder, Wallet } from "ethers";

import { KeySigner } from "../../../keeper/actions/signers/KeySigner.ts";
import { secp256k1 } from "../../../keeper/actions/signers/secp256k1.ts";
import { booksRoot } from "../../../keeper/domain/booksRoot.ts";
import { statementDigest, statementHashes, type Verifiers } from "../../../keeper/domain/statementDigest.ts";
import type { SignedStatement, Statement } from "../../../keeper/domain/Statement.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Address, Hash, Hex } from "../../../keeper/lib/hex.ts";
import { Peers } from "../../../keeper/peers/Peers.ts";
import { MAX_DOCUMENT_BYTES, readStatements, writeStatements } from "../../../keeper/peers/statementsDocument.ts";
import { StatementVerifier } from "../../../keeper/peers/StatementVerifier.ts";
import { CERTIFICATE_TYPES } from "../../helpers/guard.ts";
import { ATTESTATION_TYPES } from "../../helpers/attestations.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const VERIFIERS: Verifiers = { chainId: 31_337n, registry: `0x${"aa".repeat(20)}`, guard: `0x${"bb".repeat(20)}` };
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

function statements(random: SeededRandom): Statement[] {
  const hash = (): Hash => random.hex(32);
  const roots = Array.from({ length: 10 }, hash);
  const numbers = { setId: random.uint(32), blockNumber: random.uint(40) };
  const certificate = { incidentId: hash(), setId: random.uint(32), pauseNonce: random.uint(32) };
  return [
    {
      kind: "attestation",
      attestation: { ...numbers, bookSetVersion: random.uint(32), blockHash: hash(), booksRoot: booksRoot(roots) },
      roots,
    },
    { kind: "pause", certificate: { ...certificate, blockNumber: random.uint(40), blockHash: hash() } },
    { kind: "resume", certificate: { ...certificate, checkpointNumber: random.uint(40), checkpointDigest: hash() } },
  ];
}

function sign(statement: Statement, key: Hex, verifiers = VERIFIERS): SignedStatement {
  const signer = new KeySigner(key);
  const signature = signer.signTypedData(statementHashes(statement, verifiers));
  return { statement, digest: statementDigest(statement, verifiers), signer: signer.address, signature };
}

/** The same signature with the other s: recovers to the same key, and the contracts refuse it. */
function malleate({ signature, ...rest }: SignedStatement): SignedStatement {
  const s = 2n * HALF_ORDER + 1n - BigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.endsWith("1b") ? "1c" : "1b";
  return { ...rest, signature: `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, "0")}${v}` };
}

describe("what keepers tell each other", function () {
  this.timeout(30_000);
  const random = new SeededRandom(chooseSeed(1));
  const keys = Array.from({ length: 3 }, (): Hex => random.hex(32));

  it("is signed as EIP-712 has it, for random values", () => {
    for (let round = 0; round < 50; round += 1) {
      for (const statement of statements(random)) {
        const verifyingContract = statement.kind === "attestation" ? VERIFIERS.registry : VERIFIERS.guard;
        const domain = { name: "Lockstep", version: "1", chainId: VERIFIERS.chainId, verifyingContract };
        const types = statement.kind === "attestation" ? ATTESTATION_TYPES : CERTIFICATE_TYPES[statement.kind];
        const value = statement.kind === "attestation" ? statement.attestation : statement.certificate;
        expect(statementDigest(statement, VERIFIERS)).to.equal(TypedDataEncoder.hash(domain, types, value));
      }
    }
  });

  it("comes out of a document as it went in, each statement once, whoever signed", () => {
    const all = statements(random).flatMap((statement) => keys.map((key) => sign(statement, key)));
    const text = writeStatements(all, VERIFIERS);
    expect(text.match(/"kind"/g)).to.have.length(3);
    expect(readStatements(text, VERIFIERS)).to.have.deep.members(all);
    const verifier = new StatementVerifier(secp256k1.recover.bind(secp256k1), () => true);
    expect(verifier.verify(readStatements(text, VERIFIERS))).to.have.length(all.length);
  });

  it("fits the bound: the newest of what does not fit", () => {
    const all = Array.from({ length: 400 }, () => sign(statements(random)[0]!, keys[0]!));
    const text = writeStatements(all, VERIFIERS);
    expect(Buffer.byteLength(text)).to.be.at.most(MAX_DOCUMENT_BYTES);
    const read = readStatements(text, VERIFIERS);
    expect(read.length).to.be.greaterThan(100);
    expect(read[0]).to.deep.equal(all.at(-1));
  });

  it("is not read when it is of another chain or deployment (E9)", () => {
    const text = writeStatements([], VERIFIERS);
    const [other, foreign]: [Verifiers, Verifiers] = [
      { ...VERIFIERS, chainId: 1n },
      { ...VERIFIERS, guard: `0x${"cc".repeat(20)}` },
    ];
    for (const verifiers of [other, foreign]) {
      expect(() => readStatements(text, verifiers))
        .to.throw(KeeperError)
        .with.property("code", "PeerForeign");
    }
    expect(readStatements(text, VERIFIERS)).to.deep.equal([]);
  });

  it("is refused with the place when anything in it is of another type, whichever", () => {
    const all = statements(random).map((statement) => sign(statement, keys[0]!));
    const whole = JSON.parse(writeStatements(all, VERIFIERS)) as object;
    const wrong: unknown[] = [
      null,
      true,
      -1,
      1.5,
      2 ** 60,
      "",
      "0x",
      "0xZZ",
      [],
      {},
      "constructor",
      [[]],
      Number.MAX_VALUE,
    ];
    let refused = 0;
    const paths = pathsIn(whole);
    for (const path of paths) {
      for (const value of wrong) {
        const text = JSON.stringify(replaced(whole, path, value));
        let read: SignedStatement[] | null = null;
        try {
          read = readStatements(text, VERIFIERS);
        } catch (error: unknown) {
          expect(KeeperError.is(error), `${path.join(".")} = ${JSON.stringify(value)}: ${String(error)}`).to.equal(
            true,
          );
          refused += 1;
        }
        // What is still a document holds only statements that were signed, or fewer of them.
        for (const { signature } of read ?? []) expect(all.map((signed) => signed.signature)).to.include(signature);
      }
    }
    console.log(`      ${refused} of ${paths.length * wrong.length} changes refused`);
    expect(refused).to.be.greaterThan(paths.length * 8);
    for (const text of ["", "null", "[]", "{", "1", '{"__proto__":{"version":1}}']) {
      expect(() => readStatements(text, VERIFIERS)).to.throw(KeeperError);
    }
  });

  it("costs one recovery when a signature is not by whom it is said to be, and none for strangers", () => {
    let recoveries = 0;
    const recover: typeof secp256k1.recover = (digest, signature) => {
      recoveries += 1;
      return secp256k1.recover(digest, signature);
    };
    const [mine, other] = keys.map((key) => new KeySigner(key).address) as [Address, Address];
    const verifier = new StatementVerifier(recover, (signer) => signer === mine);
    const honest = sign(statements(random)[0]!, keys[0]!);
    const forged = Array.from({ length: 500 }, () => ({ ...sign(statements(random)[1]!, keys[1]!), signer: mine }));
    const strangers = Array.from({ length: 500 }, () => ({ ...sign(statements(random)[1]!, keys[1]!), signer: other }));
    expect(verifier.verify(strangers)).to.deep.equal([]);
    expect(recoveries).to.equal(0);
    expect(() => verifier.verify([...forged, honest]))
      .to.throw(KeeperError)
      .with.property("code", "PeerForged");
    expect(recoveries).to.equal(1);
    for (let time = 0; time < 9; time += 1) expect(verifier.verify([honest])).to.deep.equal([honest]);
    expect(recoveries).to.equal(2);
    // It recovers to the same key, but the contracts refuse it: taken in, it would keep the good one out.
    expect(() => verifier.verify([malleate(honest)]))
      .to.throw(KeeperError)
      .with.property("code", "PeerForged");
  });
});

describe("Peers", function () {
  this.timeout(30_000);
  const key = Wallet.createRandom().privateKey as Hex;
  const random = new SeededRandom(7);
  const honest = sign(statements(random)[0]!, key);
  const servers: Server[] = [];
  const abort = new AbortController();
  const opened: Peers[] = [];

  afterEach(async () => {
    for (const peers of opened.splice(0)) peers.close();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  interface Heard {
    readonly told: { peer: string; code: string | null }[];
    readonly delivered: string[];
    readonly peers: Peers;
  }

  function listen(urls: Readonly<Record<string, string>>): Heard {
    const told: Heard["told"] = [];
    const delivered: string[] = [];
    const peers = new Peers({
      peers: Object.entries(urls).map(([name, url]) => ({ name, url })),
      verifiers: VERIFIERS,
      recover: secp256k1.recover.bind(secp256k1),
      isBonded: () => true,
      deliver: (peer, heard) => delivered.push(...heard.map(({ signature }) => `${peer} ${signature}`)),
      onState: (peer, error) => told.push({ peer, code: error?.code ?? null }),
      now: () => performance.now(),
      deadlineMs: 300,
      signal: abort.signal,
    });
    opened.push(peers);
    peers.start();
    return { told, delivered, peers };
  }

  it("hands over what an honest peer serves, while others lie, hang, redirect, flood or are gone; each is told once", async () => {
    const document = writeStatements([honest], VERIFIERS);
    const seen: Record<string, number> = {};
    const count = (name: string): void => {
      seen[name] = (seen[name] ?? 0) + 1;
    };
    const forged = writeStatements([{ ...honest, signer: `0x${"11".repeat(20)}` }], VERIFIERS);
    const good = await serve((request, response) => {
      count("good");
      expect(request.url).to.equal("/v1/statements");
      response.end(document);
    });
    const urls = {
      good,
      forger: await serve((_, response) => (count("forger"), void response.end(forged))),
      foreign: await serve(
        (_, response) => (count("foreign"), void response.end(writeStatements([], { ...VERIFIERS, chainId: 1n }))),
      ),
      garbage: await serve((_, response) => (count("garbage"), void response.end(Buffer.from([0xff, 0xfe, 0x00])))),
      flood: await serve((_, response) => {
        count("flood");
        const more = (): void => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
        };
        response.on("drain", more);
        more();
      }),
      slow: await serve((_, response) => (count("slow"), void response.write("{"))),
      redirect: await serve(
        (_, response) => (count("redirect"), void response.writeHead(302, { location: good }).end()),
      ),
      gone: "http://127.0.0.1:9",
    };
    const { told, delivered, peers } = listen(urls);
    peers.publish([], true);
    await wait(1_500);
    expect(delivered[0]).to.equal(`good ${honest.signature}`);
    expect(new Set(delivered)).to.have.length(1);
    expect(seen["good"]).to.be.greaterThan(3);
    const codes = Object.fromEntries(told.map(({ peer, code }) => [peer, code]));
    expect(codes).to.deep.equal({
      good: null,
      ...{ forger: "PeerForged", foreign: "PeerForeign", garbage: "PeerMalformed", flood: "PeerMalformed" },
      ...{ slow: "PeerUnreachable", redirect: "PeerUnreachable", gone: "PeerUnreachable" },
    });
    expect(told).to.have.length(8);
    // Who lies is not asked again for a while.
    for (const name of ["forger", "foreign", "garbage", "flood"]) expect(seen[name], name).to.equal(1);
    console.log(`      asked in 1.5 s: ${JSON.stringify(seen)}`);
  });

  it("asks often only while something is open, and at once when something opens", async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.end(writeStatements([], VERIFIERS));
    });
    const { peers } = listen({ one: url });
    await wait(800);
    expect(asked).to.equal(1);
    peers.publish([], true);
    await wait(800);
    expect(asked).to.be.within(3, 5);
    peers.publish([], false);
    await wait(300);
    const idle = asked;
    await wait(800);
    expect(asked).to.be.at.most(idle + 1);
  });

  it("is heard again when a peer comes back, and tells that once", async () => {
    let isUp = false;
    const url = await serve((_, response) => {
      if (isUp) response.end(writeStatements([honest], VERIFIERS));
      else response.writeHead(503).end();
    });
    const { told, delivered } = listen({ one: url });
    await wait(300);
    isUp = true;
    for (let turns = 0; turns < 40 && delivered.length === 0; turns += 1) await wait(100);
    expect(delivered).to.deep.equal([`one ${honest.signature}`]);
    expect(told.map(({ code }) => code)).to.deep.equal(["PeerUnreachable", null]);
  });
});

type Path = readonly (string | number)[];

function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([name, item]) => {
    return pathsIn(item, [...path, Array.isArray(value) ? Number(name) : name]);
  });
  return [path, ...inner];
}

function replaced(value: unknown, path: Path, wanted: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return wanted;
  if (Array.isArray(value))
    return (value as unknown[]).map((item, index) => (index === first ? replaced(item, rest, wanted) : item));
  return { ...(value as object), [first]: replaced((value as Record<string, unknown>)[first], rest, wanted) };
}
