import { booksRoot } from "../../keeper/domain/booksRoot.ts";
import { bigintToBytes } from "../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { encodeRlp } from "../../keeper/lib/rlp.ts";
import { HEADER, type Block } from "./Block.ts";
import type { Draw } from "./Draw.ts";
import type { Motion } from "./Motion.ts";
import type { Prosecution } from "./Prosecution.ts";
import { malleated } from "./QuickSigner.ts";
import type { Account } from "./World.ts";

/** A way to use what the adversary has otherwise than it is meant. */
export interface Attack {
  readonly name: string;
  /** Whether it depends on signatures that nobody gave: then it convicts nobody, whatever was signed. */
  readonly isForged: boolean;
  readonly prepare: (prosecution: Prosecution) => Motion;
}

const SIGNATURE_DIGITS = 130;

function pickNode(nodes: readonly Hex[], draw: Draw): number {
  return draw.below(nodes.length);
}

/** One change of a node's bytes. */
function changeNode(node: Hex, draw: Draw): Hex {
  const bytes = hexToBytes(node);
  const at = draw.below(bytes.length);
  const kind = draw.below(4);
  if (kind === 0) return bytesToHex(bytes.with(at, (bytes[at] ?? 0) ^ (1 << draw.below(8))));
  if (kind === 1) return bytesToHex(bytes.slice(0, at));
  if (kind === 2) return `${node}${draw.hash().slice(2, 4)}`;
  // The storage root of an account stands in its last 66 bytes, before the code hash.
  const from = Math.max(0, bytes.length - 65 - draw.below(2));
  return `${node.slice(0, 2 + 2 * from)}${draw.hash().slice(2)}${node.slice(2 + 2 * (from + 32))}` as Hex;
}

function otherBlock({ history, block, draw }: Prosecution): Block {
  const { blocks } = history.tree;
  const rivals = blocks.filter((other) => other.number === block.number && other !== block);
  return rivals.length > 0 && draw.chance(0.5) ? draw.pick(rivals) : draw.pick(blocks);
}

function changeHeader({ block, statement, draw }: Prosecution, other: Block): Hex {
  const { fields } = block;
  const fork = other.fields[HEADER.stateRoot] ?? new Uint8Array();
  const kind = draw.below(7);
  if (kind === 0) return bytesToHex(encodeRlp(fields.with(HEADER.stateRoot, fork)));
  if (kind === 1) return bytesToHex(encodeRlp(fields.with(HEADER.number, bigintToBytes(BigInt(other.number + 1)))));
  if (kind === 2) return bytesToHex(encodeRlp([...fields, hexToBytes(draw.hash())]));
  if (kind === 3) return bytesToHex(encodeRlp(fields.slice(0, 14)));
  if (kind === 4) return `${block.header}00`;
  if (kind === 5) return changeNode(block.header, draw);
  return statement.attestation.blockHash;
}

/** A number that was not signed; some have more than the 64 bits of the field. */
function otherNumber(signed: bigint, draw: Draw): bigint {
  const near = signed === 0n ? 2n : signed - 1n;
  return draw.pick([near, signed + 1n, signed + 64n, signed + 2n ** 64n]);
}

/** A claim that was not signed, of the same hash: with another root at `index`, or another number. */
function falsified(prosecution: Prosecution, index: number): Pick<Motion, "attestation" | "roots"> {
  const { statement, draw } = prosecution;
  const { attestation } = statement;
  if (draw.chance(0.3)) {
    const blockNumber = otherNumber(attestation.blockNumber, draw);
    return { attestation: { ...attestation, blockNumber }, roots: statement.roots };
  }
  const roots = prosecution.books.map((_, at) => statement.roots[at] ?? draw.hash()).with(index, draw.hash());
  return { attestation: { ...attestation, booksRoot: booksRoot(roots) }, roots };
}

/** The same evidence with other roots, which the signed hash is not of. */
function changeRoots(roots: readonly Hash[], draw: Draw): readonly Hash[] {
  const kind = roots.length === 0 ? 2 : draw.below(4);
  if (kind === 0) return roots.with(draw.below(roots.length), draw.hash());
  if (kind === 1) return roots.slice(1);
  if (kind === 2) return [...roots, draw.hash()];
  return [];
}

function attack(name: string, prepare: (all: Prosecution, base: Motion, index: number) => Motion, isForged = false) {
  return {
    name,
    isForged,
    prepare: (all: Prosecution) => {
      const index = all.anyIndex();
      return prepare(all, all.motion(index, [all.anySigner()]), index);
    },
  };
}

function forgery(name: string, prepare: (all: Prosecution, base: Motion, index: number) => Motion): Attack {
  return attack(name, prepare, true);
}

/** Every attack beside the straight one. */
export const ATTACKS: readonly Attack[] = [
  attack("a proof of another account", (all, base) => {
    const { contracts, bystanders } = all.forum.world;
    const account = all.draw.chance(0.8) ? all.draw.pick(contracts) : (bystanders[0] as Account);
    return { ...base, proof: all.block.state.prove(account.key) };
  }),
  attack("a proof of another block", (all, base, index) => ({ ...base, proof: all.proofOf(index, otherBlock(all)) })),
  attack("another block's header", (all, base) => ({ ...base, header: otherBlock(all).header })),
  attack("another block's header and proof", (all, base, index) => {
    const other = otherBlock(all);
    return { ...base, header: other.header, proof: all.proofOf(index, other) };
  }),
  attack("a changed header", (all, base, index) => {
    const other = otherBlock(all);
    return { ...base, header: changeHeader(all, other), proof: all.proofOf(index, other) };
  }),
  attack("a changed node", ({ draw }, base) => {
    const at = pickNode(base.proof, draw);
    return { ...base, proof: base.proof.with(at, changeNode(base.proof[at] as Hex, draw)) };
  }),
  attack("a node of another block", (all, base, index) => {
    const other = all.proofOf(index, otherBlock(all));
    const at = all.draw.chance(0.7) ? base.proof.length - 1 : pickNode(base.proof, all.draw);
    return { ...base, proof: base.proof.with(at, other.at(at === base.proof.length - 1 ? -1 : at) ?? "0x") };
  }),
  attack("nodes left out, repeated or added", ({ draw }, base) => {
    const at = pickNode(base.proof, draw);
    const node = base.proof[at] as Hex;
    const proofs = [base.proof.toSpliced(at, 1), base.proof.toSpliced(at, 0, node), [...base.proof, node], []];
    return { ...base, proof: draw.pick([...proofs, base.proof.toReversed()]) };
  }),
  attack("an index beyond the set", ({ books, draw }, base) => {
    return { ...base, index: draw.pick([BigInt(books.length), 255n, 256n, 2n ** 255n, 2n ** 256n - 1n]) };
  }),
  attack("roots that were not signed", ({ draw }, base) => ({ ...base, roots: changeRoots(base.roots, draw) })),
  attack("no header", (_, base) => ({ ...base, header: "0x" })),
  forgery("a false claim under a true signature", (all, base, index) => ({ ...base, ...falsified(all, index) })),
  forgery("a signature under another number", ({ draw }, base) => {
    const blockNumber = otherNumber(base.attestation.blockNumber, draw);
    return { ...base, attestation: { ...base.attestation, blockNumber } };
  }),
  forgery("a signature under another hash", (all, base, index) => {
    const others = all.history.tree.blocks.filter((block) => block !== all.block);
    const other = others.length === 0 ? null : all.draw.pick(others);
    const blockHash = other?.hash ?? all.draw.hash();
    const proof = other === null ? base.proof : all.proofOf(index, other);
    return { ...base, attestation: { ...base.attestation, blockHash }, header: other?.header ?? base.header, proof };
  }),
  forgery("a signature under another keeper set", (all, base, index) => {
    const setId = all.draw.pick([base.attestation.setId + 1n, 0n, 2n ** 32n + base.attestation.setId]);
    const claim = falsified(all, index);
    return { ...base, ...claim, attestation: { ...claim.attestation, setId } };
  }),
  forgery("a signature under another book set", (all, base) => {
    const { bookSetVersion } = base.attestation;
    const versions = [1n, 2n, 3n, 0n, bookSetVersion + 1n].filter((version) => version !== bookSetVersion);
    return { ...base, attestation: { ...base.attestation, bookSetVersion: all.draw.pick(versions) } };
  }),
  forgery("a signature for another registry or chain", (all, base, index) => {
    const claim = falsified(all, index);
    const domain = all.draw.pick(all.forum.otherDomains);
    return { ...base, ...claim, signatures: all.sign(claim.attestation, [all.anySigner()], domain) };
  }),
  forgery("a changed signature", ({ draw }, base) => {
    const { signatures } = base;
    const first = signatures.slice(0, SIGNATURE_DIGITS);
    const changed = [malleated(first), first.slice(0, -2), `${first.slice(0, -2)}00`, first + first, ""];
    return { ...base, signatures: draw.pick(changed) };
  }),
];
