import { encodePost, encodeSoftPause } from "../../keeper/actions/plan/calls.ts";
import { encodeHardPause } from "../../keeper/actions/plan/encodeQuorumCalls.ts";
import { bookSetVersionAt } from "../../keeper/books/naive/checkpointRing.ts";
import { cursor, guard, incident, keepers } from "../../keeper/books/naive/syncStorage.ts";
import type { Attestation } from "../../keeper/domain/Attestation.ts";
import { booksRoot } from "../../keeper/domain/booksRoot.ts";
import { quorumOf, type KeeperSet } from "../../keeper/domain/keeperSet.ts";
import type { PauseCertificate } from "../../keeper/domain/PauseCertificate.ts";
import type { Statement } from "../../keeper/domain/Statement.ts";
import { statementDigest } from "../../keeper/domain/statementDigest.ts";
import { bigintToHex32, type Address, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import type { Draw } from "../../scripts/histories/Draw.ts";
import { blockAt, type SimBlock } from "../../simulator/chain/Block.ts";
import type { Execution } from "../../simulator/contracts/Execution.ts";
import { GENESIS } from "../../simulator/world/genesis.ts";
import { attesterKey } from "../fixtures/deployLockstep.ts";
import type { Request } from "./RealContracts.ts";

/** A soft pause as a keeper says it, or one that has no business to. */
export interface SoftPause {
  readonly kind: "soft-pause";
  readonly from: Address;
  readonly incidentId: Hash;
  readonly causeClass: "books" | "view";
  readonly blockNumber: number;
  readonly blockHash: Hash;
}

/** What a quorum signs, with who signs it and in which order. */
export interface Signed {
  readonly from: Address;
  readonly set: KeeperSet;
  readonly signers: readonly Address[];
  /** Bytes behind the last signature. */
  readonly surplus: Hex;
}

/** A checkpoint that is posted. */
export interface Post extends Signed {
  readonly kind: "post";
  readonly attestation: Attestation;
  readonly roots: readonly Hash[];
}

/** A hard pause that is carried. */
export interface HardPause extends Signed {
  readonly kind: "hard-pause";
  readonly certificate: PauseCertificate;
}

/** What keepers send, valid or not. */
export type KeeperRequest = SoftPause | Post | HardPause;

/** Makes a signature of a key that is known by its address. */
export type Sign = (signer: Address, digest: Hash) => Hex;

const EVIDENCE: Hash = `0x${"ee".repeat(32)}`;
const ZERO: Hash = `0x${"00".repeat(32)}`;
const STRANGER = 99;
const WALLETS = new Map(
  [0, 1, 2, 3, STRANGER].map((index) => {
    const wallet = attesterKey(index);
    return [wallet.address.toLowerCase() as Address, wallet] as const;
  }),
);
const MEMBERS = GENESIS.keepers.map(({ attest }) => attest).sort();
const STRANGERS_KEY = [...WALLETS.keys()].find((address) => !MEMBERS.includes(address)) ?? "0x";
const CARRIER = GENESIS.keepers[0]?.pause ?? "0x";
/** A user, who may not pause. */
const NO_PAUSER: Address = `0x${"0e".repeat(19)}01`;

/** A signature on the curve, as the real contracts recover it. */
export function signReally(signer: Address, digest: Hash): Hex {
  const wallet = WALLETS.get(signer);
  if (wallet === undefined) throw new Error(`nobody has the key of ${signer}`);
  return wallet.signingKey.sign(digest).serialized as Hex;
}

/** The transaction of a keeper's request. */
export function encodeRequest(request: KeeperRequest, sign: Sign): Request {
  const { addresses, immutables } = GENESIS.contracts;
  const { SyncGuard, CheckpointRegistry: registry } = addresses;
  if (request.kind === "soft-pause") {
    return { from: request.from, to: SyncGuard, data: encodeSoftPause({ ...request, evidenceHash: EVIDENCE }) };
  }
  const statement: Statement =
    request.kind === "post"
      ? { kind: "attestation", attestation: request.attestation, roots: request.roots }
      : { kind: "pause", certificate: request.certificate };
  const digest = statementDigest(statement, { chainId: immutables.chainId, registry, guard: SyncGuard });
  const signatures = [...request.signers.map((signer) => sign(signer, digest)), request.surplus];
  if (request.kind === "post")
    return { from: request.from, to: registry, data: encodePost({ ...request, signatures }) };
  return { from: request.from, to: SyncGuard, data: encodeHardPause({ ...request, signatures }) };
}

// What is drawn

/** A block that is being made, and what chance decides in it. */
export interface Scene {
  readonly execution: Execution;
  readonly draw: Draw;
}

/** The keepers of the recorded market, who never change. */
function currentSet({ execution }: Scene): KeeperSet {
  const state = execution.view();
  const { minKeepers } = execution.contracts.immutables;
  const quorum = quorumOf(BigInt(MEMBERS.length), minKeepers);
  return { id: state.get(keepers.setId), quorum, members: MEMBERS };
}

function recentBlock({ execution, draw }: Scene, depth: number): SimBlock {
  return blockAt(execution.parent, execution.number - 1 - draw.below(depth)) ?? execution.parent;
}

/** A pause of any keeper for a block. */
export function softPauseOf({ draw }: Scene, { number, hash }: SimBlock): SoftPause {
  return {
    ...{ kind: "soft-pause", from: draw.pick(GENESIS.keepers).pause, incidentId: draw.hash() },
    ...{ causeClass: draw.chance(0.3) ? "view" : "books", blockNumber: number, blockHash: hash },
  };
}

function drawSigned(scene: Scene): Signed {
  const set = currentSet(scene);
  const count = scene.draw.between(Number(set.quorum), MEMBERS.length);
  const signers = scene.draw.some(MEMBERS, count).sort();
  return { from: CARRIER, set, signers, surplus: "0x" };
}

/** A checkpoint of a block, with the roots that its books have. */
export function postOf(scene: Scene, { number, hash, state }: SimBlock): Post {
  const view = scene.execution.view();
  const attestation = {
    ...{ setId: view.get(cursor.setId), bookSetVersion: bookSetVersionAt(view, BigInt(number)) },
    ...{ blockNumber: BigInt(number), blockHash: hash, booksRoot: booksRoot(state.roots) },
  };
  return { kind: "post", ...drawSigned(scene), attestation, roots: state.roots };
}

/** A hard pause for a block, now and then for what the protocol is halted for already. */
export function hardPauseOf(scene: Scene, { number, hash }: SimBlock): HardPause {
  const { execution, draw } = scene;
  const state = execution.view();
  const signed = drawSigned(scene);
  const cause = state.get(guard.cause);
  const incidentId = cause !== 0n && draw.chance(0.5) ? bigintToHex32(cause) : draw.hash();
  const certificate = {
    ...{ incidentId, setId: signed.set.id, pauseNonce: state.get(incident.nonce) },
    ...{ blockNumber: BigInt(number), blockHash: hash },
  };
  return { kind: "hard-pause", ...signed, certificate };
}

/** What keepers may get wrong about whichever block they name: its number, or its hash. */
function misnamed({ execution, draw }: Scene, window: number): { readonly number: number; readonly hash: Hash } {
  const { number, parent } = execution;
  const named = (at: number): { readonly number: number; readonly hash: Hash } => {
    return { number: at, hash: blockAt(parent, at)?.hash ?? draw.hash() };
  };
  return draw.pick([
    () => ({ number: number - 1, hash: ZERO }),
    () => ({ number: number - 1, hash: draw.hash() }),
    () => ({ number: number - 2, hash: parent.hash }),
    () => ({ number, hash: draw.hash() }),
    () => ({ number: number + draw.between(1, 1_000), hash: draw.hash() }),
    // The oldest that can be named, and the one before it.
    () => named(number - window),
    () => named(number - window - 1),
  ])();
}

function misnamePost(scene: Scene, request: Post): Post {
  const { number, hash } = misnamed(scene, 64);
  return { ...request, attestation: { ...request.attestation, blockNumber: BigInt(number), blockHash: hash } };
}

function misnameHardPause(scene: Scene, request: HardPause): HardPause {
  const { number, hash } = misnamed(scene, 256);
  return { ...request, certificate: { ...request.certificate, blockNumber: BigInt(number), blockHash: hash } };
}

/** Something wrong with the signatures or with the set that they are of. */
function missign<T extends Signed>({ draw }: Scene, request: T): T {
  const { signers, set } = request;
  const swapped = [signers[1] ?? "0x", signers[0] ?? "0x", ...signers.slice(2)] as Address[];
  return draw.pick<() => T>([
    () => ({ ...request, signers: [] }),
    () => ({ ...request, signers: signers.slice(0, Number(set.quorum) - 1) }),
    () => ({ ...request, signers: swapped }),
    () => ({ ...request, signers: [signers[0], ...signers] }),
    () => ({ ...request, signers: [...signers.slice(1), STRANGERS_KEY].sort() }),
    () => ({ ...request, signers: [STRANGERS_KEY] }),
    () => ({ ...request, surplus: "0x00" }),
    () => ({ ...request, set: { ...set, quorum: 1n }, signers: signers.slice(0, 1) }),
    () => ({ ...request, set: { ...set, members: set.members.slice(1) } }),
    () => ({ ...request, set: { ...set, id: set.id + 1n } }),
  ])();
}

function spoilSoftPause(scene: Scene, request: SoftPause): SoftPause {
  const { draw } = scene;
  if (draw.chance(0.2)) return { ...request, from: NO_PAUSER };
  if (draw.chance(0.2)) return { ...request, incidentId: ZERO };
  const { number, hash } = misnamed(scene, 256);
  return { ...request, blockNumber: number, blockHash: hash };
}

function spoilPost(scene: Scene, request: Post): Post {
  const { draw } = scene;
  const { attestation, roots } = request;
  const other = (changes: Partial<Attestation>): Post => ({ ...request, attestation: { ...attestation, ...changes } });
  const withRoots = (changed: readonly Hash[]): Post => {
    return { ...request, roots: changed, attestation: { ...attestation, booksRoot: booksRoot(changed) } };
  };
  return draw.pick<() => Post>([
    ...[() => misnamePost(scene, request), () => misnamePost(scene, request)],
    ...[() => missign(scene, request), () => missign(scene, request)],
    () => other({ setId: attestation.setId + 1n }),
    () => other({ bookSetVersion: draw.pick([0n, attestation.bookSetVersion + 1n]) }),
    () => other({ booksRoot: draw.hash() }),
    () => withRoots(roots.slice(1)),
    () => withRoots(roots.with(draw.below(roots.length), ZERO)),
    // What a false keeper would say: nobody on the chain can tell.
    () => withRoots(roots.with(draw.below(roots.length), draw.hash())),
  ])();
}

function spoilHardPause(scene: Scene, request: HardPause, isHalting: boolean): HardPause {
  const { certificate } = request;
  const other = (changes: Partial<PauseCertificate>): HardPause => {
    return { ...request, certificate: { ...certificate, ...changes } };
  };
  return scene.draw.pick<() => HardPause>([
    () => (isHalting ? misnameHardPause(scene, request) : other({ blockHash: scene.draw.hash() })),
    ...[() => missign(scene, request), () => missign(scene, request)],
    () => other({ incidentId: ZERO }),
    () => other({ setId: certificate.setId + 1n }),
    () => other({ pauseNonce: certificate.pauseNonce + 1n }),
    () => other({ pauseNonce: isHalting ? 0n : certificate.pauseNonce + 2n }),
  ])();
}

/** What may be drawn of keepers. */
export interface KeeperMix {
  /** Checkpoints only. */
  readonly isCalm: boolean;
  /** Also hard pauses with nothing wrong. */
  readonly isHalting: boolean;
}

/** A request of a keeper or of somebody who pretends to be one; about half of them have something wrong. */
export function drawKeeperRequest(execution: Execution, draw: Draw, { isCalm, isHalting }: KeeperMix): KeeperRequest {
  const scene = { execution, draw };
  const isSpoiled = draw.chance(0.5);
  const kind = isCalm ? "post" : draw.pick(["soft-pause", "soft-pause", "post", "post", "hard-pause"] as const);
  switch (kind) {
    case "soft-pause": {
      const request = softPauseOf(scene, recentBlock(scene, 4));
      return isSpoiled ? spoilSoftPause(scene, request) : request;
    }
    case "post": {
      const request = postOf(scene, recentBlock(scene, 3));
      return isSpoiled ? spoilPost(scene, request) : request;
    }
    case "hard-pause": {
      const request = hardPauseOf(scene, recentBlock(scene, 4));
      return isSpoiled || !isHalting ? spoilHardPause(scene, request, isHalting) : request;
    }
  }
}
