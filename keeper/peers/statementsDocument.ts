import { booksRoot } from "../domain/booksRoot.ts";
import { statementDigest, type Verifiers } from "../domain/statementDigest.ts";
import type { SignedStatement, Statement } from "../domain/Statement.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";

/** Version of the document that `GET /v1/statements` answers. */
export const DOCUMENT_VERSION = 1;
/** Longest document that is served or read. */
export const MAX_DOCUMENT_BYTES = 256 * 1024;

/** Bounds of what a document may hold: as many keepers as the registry takes, and what each may have open. */
const MAX_STATEMENTS = 1_024;
const MAX_SIGNATURES = 32;
const MAX_ROOTS = 64;
/** Beyond what any counter or block number of the contracts reaches; exact in a JSON number. */
const MAX_NUMBER = 2 ** 48;

const HASH = /^0x[0-9a-f]{64}$/;
const ADDRESS = /^0x[0-9a-f]{40}$/;
/** r, s, and v of 27 or 28. */
const SIGNATURE = /^0x[0-9a-f]{128}(?:1b|1c)$/;

type Fields = Readonly<Record<string, unknown>>;

/** The document of what a keeper serves: statements with their signatures, newest first, as many as fit. */
export function writeStatements(
  statements: readonly SignedStatement[],
  { chainId, registry, guard }: Verifiers,
): string {
  const grouped = new Map<Hash, { readonly statement: Statement; readonly signatures: object[] }>();
  for (const { statement, digest, signer, signature } of statements.toReversed()) {
    const group = grouped.get(digest) ?? { statement, signatures: [] };
    group.signatures.push({ signer, signature });
    grouped.set(digest, group);
  }
  const head = JSON.stringify({ version: DOCUMENT_VERSION, chainId: Number(chainId), registry, guard });
  const parts: string[] = [];
  let bytes = head.length + 32;
  for (const { statement, signatures } of grouped.values()) {
    const part = JSON.stringify({ ...fieldsOf(statement), signatures });
    bytes += part.length + 1;
    if (bytes > MAX_DOCUMENT_BYTES) break;
    parts.push(part);
  }
  return `${head.slice(0, -1)},"statements":[${parts.join(",")}]}\n`;
}

/**
 * Reads a document. Who signed is what the document claims: to be checked.
 *
 * @throws KeeperError `PeerForeign` for a document of another chain or deployment; `PeerMalformed` for anything else that is not
 * one, naming the place
 */
export function readStatements(text: string, verifiers: Verifiers): SignedStatement[] {
  const { version, chainId, registry, guard, statements } = objectIn(parse(text), "the document");
  if (version !== DOCUMENT_VERSION) throw malformed(`version ${DOCUMENT_VERSION}`, "version");
  if (chainId !== Number(verifiers.chainId) || registry !== verifiers.registry || guard !== verifiers.guard) {
    throw new KeeperError("PeerForeign", "it keeps another chain or another deployment", {
      chainId: typeof chainId === "number" ? chainId : null,
    });
  }
  return listIn(statements, MAX_STATEMENTS, "statements").flatMap((item, index) => {
    const at = `statements[${index}]`;
    const fields = objectIn(item, at);
    const statement = readStatement(fields, at);
    const digest = statementDigest(statement, verifiers);
    return listIn(fields["signatures"], MAX_SIGNATURES, `${at}.signatures`).map((signed) => {
      const { signer, signature } = objectIn(signed, `${at}.signatures`);
      return {
        ...{ statement, digest },
        signer: textIn(signer, ADDRESS, `${at}.signer`) as Address,
        signature: textIn(signature, SIGNATURE, `${at}.signature`) as Hex,
      };
    });
  });
}

function fieldsOf(statement: Statement): object {
  const kind = statement.kind;
  if (kind === "attestation") {
    const { setId, bookSetVersion, blockNumber, blockHash } = statement.attestation;
    const numbers = { setId: Number(setId), bookSetVersion: Number(bookSetVersion), blockNumber: Number(blockNumber) };
    return { kind, ...numbers, blockHash, roots: statement.roots };
  }
  const plain = Object.entries(statement.certificate).map(([name, value]: [string, unknown]) => {
    return [name, typeof value === "bigint" ? Number(value) : value] as const;
  });
  return { kind, ...Object.fromEntries(plain) };
}

function readStatement(fields: Fields, at: string): Statement {
  const hash = (name: string): Hash => textIn(fields[name], HASH, `${at}.${name}`) as Hash;
  const number = (name: string): bigint => numberIn(fields[name], `${at}.${name}`);
  switch (fields["kind"]) {
    case "attestation": {
      const roots = listIn(fields["roots"], MAX_ROOTS, `${at}.roots`).map((root) => textIn(root, HASH, `${at}.roots`));
      const attestation = {
        ...{ setId: number("setId"), bookSetVersion: number("bookSetVersion"), blockNumber: number("blockNumber") },
        ...{ blockHash: hash("blockHash"), booksRoot: booksRoot(roots as Hash[]) },
      };
      return { kind: "attestation", attestation, roots: roots as Hash[] };
    }
    case "pause": {
      const certificate = {
        ...{ incidentId: hash("incidentId"), setId: number("setId"), pauseNonce: number("pauseNonce") },
        ...{ blockNumber: number("blockNumber"), blockHash: hash("blockHash") },
      };
      return { kind: "pause", certificate };
    }
    case "resume": {
      const certificate = {
        ...{ incidentId: hash("incidentId"), setId: number("setId"), pauseNonce: number("pauseNonce") },
        ...{ checkpointNumber: number("checkpointNumber"), checkpointDigest: hash("checkpointDigest") },
      };
      return { kind: "resume", certificate };
    }
    default:
      throw malformed("attestation, pause or resume", `${at}.kind`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error: unknown) {
    throw new KeeperError("PeerMalformed", "its answer is no JSON", {}, { cause: error });
  }
}

function objectIn(value: unknown, at: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("an object", at);
  // What JSON calls `__proto__` is an own member of no meaning here.
  return value as Fields;
}

function listIn(value: unknown, most: number, at: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw malformed(`a list of at most ${most}`, at);
  return value;
}

function textIn(value: unknown, pattern: RegExp, at: string): string {
  if (typeof value !== "string" || !pattern.test(value)) throw malformed("lower-case hexadecimal digits", at);
  return value;
}

function numberIn(value: unknown, at: string): bigint {
  const isInside = Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < MAX_NUMBER;
  if (!isInside) throw malformed("a whole number", at);
  return BigInt(value as number);
}

function malformed(expected: string, at: string): KeeperError {
  return new KeeperError("PeerMalformed", `${at} is not ${expected}`, { at });
}
