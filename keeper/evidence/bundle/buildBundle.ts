import { BOOK_NAMES } from "../../domain/bookSet.ts";
import type { Finding, LocatedSlot } from "../../domain/Finding.ts";
import type { Hex } from "../../lib/hex.ts";
import type { EvidenceBlock } from "../../loop/EvidenceBlock.ts";
import { evidenceHash } from "../../loop/evidenceHash.ts";
import type { Effect } from "../../loop/ports.ts";
import { settingsOf } from "../../loop/settingsOf.ts";
import type { Transition } from "../../loop/Transition.ts";
import { MAX_BUNDLE_BYTES, type Bundle } from "./Bundle.ts";
import { collectStep, type CollectedStep } from "./collectStep.ts";
import { decisionOf } from "./decisionOf.ts";
import { BUNDLE_FORMAT, type BundleLevel, type BundleSettings, type ClaimedAnswer, type Manifest } from "./Manifest.ts";
import { sha256Pieces } from "./sha256Pieces.ts";
import { packNodes } from "./trieNodes.ts";

/** What was found of slots. */
export type LocatedEffect = Extract<Effect, { type: "located" }>;

/** What a bundle is made of, beside the step itself. */
export interface BundleQuestion {
  readonly transition: Transition;
  /** The search for slots, as far as it has come; null where it has not begun. */
  readonly located: LocatedEffect | null;
  /** The program that writes it. */
  readonly software: string;
  /** What sources answered, as JSON values, newest last: not proved, and the first to go where room is short. */
  readonly exchanges: readonly unknown[];
  /** Default {@link MAX_BUNDLE_BYTES}. */
  readonly maxBytes?: number;
}

/** A blob before it is known whether there is room for it. */
interface Draft {
  readonly role: string;
  readonly body: string;
}

/** Room for the manifest. */
const MANIFEST_BYTES = 512 * 1024;
/** Findings that the manifest tells: the rest, of which there can be as many as logs, is a blob. */
const MAX_FINDINGS = 64;
/** Slots that are listed. */
const MAX_LOCATED = 1_000;

/**
 * Makes the bundle of a step, a piece at a time: between two of them the keeper may go on. The same step with the same answers
 * gives the same bundle. What does not fit is left out, the least needed first, and named.
 */
export function* buildBundle(question: BundleQuestion): Generator<undefined, Bundle> {
  const { transition, software } = question;
  const { facts, options } = transition;
  const { base, detail } = facts;
  const findings = facts.findings.slice(0, MAX_FINDINGS);
  const settings = settingsOf(options) as BundleSettings;
  const hash = evidenceHash(facts.findings, settings);
  const slots = searchedSlots(question);
  const collected = facts.lack === null ? yield* collectStep(transition, slots) : facts.lack;
  const step = typeof collected === "string" ? null : collected;
  const priced = step === null ? { answers: [], blocks: [], headers: [] } : pricePaths(transition, step);
  yield;
  const drafts = [
    ...(yield* essentialDrafts(transition, step)),
    ...findingsDraft(facts.findings.slice(MAX_FINDINGS)),
    ...(yield* searchedDrafts(transition, slots)),
    ...priceDrafts(priced),
    { role: "exchanges", body: JSON.stringify(question.exchanges) },
  ];
  const { blobs, bodies, omitted } = yield* fit(drafts, question.maxBytes ?? MAX_BUNDLE_BYTES);
  const has = (role: string): boolean => blobs.some((blob) => blob.role === role);
  const listed =
    slots.length > 0 &&
    BOOK_NAMES.every((name) => !slots.some((slot) => slot.contract === name) || has(`chain-nodes/${name}`));
  const isWhole = step !== null && !omitted.some(({ role }) => isEssential(role));
  const level: BundleLevel = !isWhole ? "incomplete" : listed ? "located" : "root-only";
  const claim = { kind: facts.kind, findings, detail, evidenceHash: hash };
  const manifest: Manifest = {
    format: BUNDLE_FORMAT,
    software,
    settings,
    incident: { id: transition.incidentId, ...claim },
    actions: decisionOf(claim, settings.policy),
    level,
    lack: typeof collected === "string" ? collected : null,
    base: base === null ? null : { number: base.header.number, hash: base.hash },
    blocks: facts.blocks.map(({ hash, header }) => ({ number: header.number, hash })),
    answers: priced.answers,
    located: listed ? slots.slice(0, MAX_LOCATED) : [],
    note: question.located === null ? "slots have not been searched yet" : question.located.note,
    omitted,
    blobs,
  };
  return { manifest, bodies };
}

function findingsDraft(rest: readonly Finding[]): Draft[] {
  return rest.length === 0 ? [] : [{ role: "findings", body: JSON.stringify(rest) }];
}

/** Without these nothing can be shown. */
function isEssential(role: string): boolean {
  return /^(headers|accounts|tokens|receipts|nodes|keys)/.test(role);
}

/** Slots that were searched right after the step: proofs at another block prove nothing of it. */
function searchedSlots({ transition, located }: BundleQuestion): readonly LocatedSlot[] {
  // Of a fault of our own they say where our words are wrong: the chain's are right, and there is nothing to show.
  if (located === null || transition.facts.kind === "OwnFault") return [];
  const { hash } = transition.block;
  const searched = new Set(located.blocks.filter((at) => at.hash === hash).map(({ contract }) => contract));
  return located.slots.filter(({ contract }) => searched.has(contract)).slice(0, MAX_LOCATED);
}

function* essentialDrafts({ facts }: Transition, step: CollectedStep | null): Generator<undefined, readonly Draft[]> {
  const { base, blocks } = facts;
  const all = base === null ? blocks : [base, ...blocks];
  const drafts: Draft[] = [{ role: "headers", body: JSON.stringify(all.map(({ encoding }) => encoding)) }];
  for (const block of [base, blocks.at(-1)]) {
    if (block?.accounts == null) continue;
    const proofs = block.accounts.map((answer) => (answer as { readonly accountProof: readonly Hex[] }).accountProof);
    drafts.push({ role: `accounts/${block.header.number}`, body: JSON.stringify(proofs) });
  }
  drafts.push(...tokensDraft(facts));
  for (const block of blocks) {
    drafts.push(...receiptsDraft(block));
    yield;
  }
  for (const [name, nodes] of step?.nodes ?? []) {
    if (nodes.size > 0) drafts.push({ role: `nodes/${name}`, body: `"${yield* packNodes(nodes)}"` });
  }
  if (step !== null && step.keys.accounts.length > 0) {
    const { accounts, others } = step.keys;
    drafts.push({ role: "keys", body: JSON.stringify({ accounts, others: others.map(String) }) });
  }
  return drafts;
}

/** The declared tokens' own proofs after the step, where it is about custody. */
function tokensDraft({ findings, blocks }: Transition["facts"]): Draft[] {
  const block = blocks.at(-1);
  if (block === undefined || block.tokens.length === 0) return [];
  if (!findings.some(({ cause }) => cause === "custody-short")) return [];
  const proofs = block.tokens.map((answer) => {
    const { accountProof, storageProof } = answer as {
      readonly accountProof: readonly Hex[];
      readonly storageProof: readonly { readonly proof: readonly Hex[] }[];
    };
    return { accountProof, storageProof: storageProof[0]?.proof ?? [] };
  });
  return [{ role: `tokens/${block.header.number}`, body: JSON.stringify(proofs) }];
}

/** All receipts of a block, as JSON-RPC writes them; none where its header shows that none of them concerns the books. */
function receiptsDraft({ header, logs, frames }: EvidenceBlock): Draft[] {
  if (frames === null) return [];
  const byTransaction = Map.groupBy(logs, ({ transactionIndex }) => transactionIndex);
  const receipts = frames.map((frame, index) => ({
    ...frame,
    logs: (byTransaction.get(index) ?? []).map(({ address, topics, data }) => ({ address, topics, data })),
  }));
  return [{ role: `receipts/${header.number}`, body: JSON.stringify(receipts) }];
}

function* searchedDrafts(
  transition: Transition,
  slots: readonly LocatedSlot[],
): Generator<undefined, readonly Draft[]> {
  const drafts: Draft[] = [];
  for (const name of BOOK_NAMES.filter((book) => slots.some(({ contract }) => contract === book))) {
    const nodes = [...transition.proofsOf(name)].map((node) => node.slice(2));
    if (nodes.length > 0) drafts.push({ role: `chain-nodes/${name}`, body: `"${yield* packNodes(nodes)}"` });
  }
  return drafts;
}

/** Where prices come from: the claims, the blocks that show them, and the headers from the first of those to the step. */
interface Priced {
  readonly answers: readonly ClaimedAnswer[];
  readonly blocks: readonly EvidenceBlock[];
  readonly headers: readonly Hex[];
}

function pricePaths(transition: Transition, { answers }: CollectedStep): Priced {
  const base = transition.facts.base?.hash;
  const blocks = new Map<Hex, EvidenceBlock>();
  let headers: readonly Hex[] = [];
  const claims = answers.map(([aggregator, answer]): ClaimedAnswer => {
    const path = transition.pricePath(aggregator, answer);
    if (path === null) return { aggregator, ...answer, block: null };
    const { block, encodings } = path;
    blocks.set(block.hash, block);
    const own = block.hash === base || block.encoding === null ? [] : [block.encoding];
    if (own.length + encodings.length > headers.length) headers = [...own, ...encodings];
    return { aggregator, ...answer, block: block.header.number };
  });
  const sorted = [...blocks.values()].sort((one, other) => one.header.number - other.header.number);
  return { answers: claims, blocks: sorted, headers };
}

function priceDrafts({ blocks, headers }: Priced): Draft[] {
  const trail = headers.length === 0 ? [] : [{ role: "trail", body: JSON.stringify(headers) }];
  const receipts = blocks.flatMap(receiptsDraft).map(({ role, body }) => ({ role: `price-${role}`, body }));
  return [...trail, ...receipts];
}

/** Takes blobs in their order as long as there is room. */
function* fit(
  drafts: readonly Draft[],
  maxBytes: number,
): Generator<undefined, Pick<Manifest, "blobs" | "omitted"> & Pick<Bundle, "bodies">> {
  const blobs: Manifest["blobs"][number][] = [];
  const omitted: Manifest["omitted"][number][] = [];
  const bodies = new Map<string, string>();
  let left = maxBytes - MANIFEST_BYTES;
  for (const { role, body } of drafts) {
    const encoded = Buffer.from(body);
    const bytes = encoded.length;
    const name = yield* sha256Pieces(encoded);
    yield;
    const cost = bodies.has(name) ? 0 : bytes + 66;
    if (cost > left) {
      omitted.push({ role, why: `${bytes} bytes did not fit` });
      continue;
    }
    left -= cost;
    bodies.set(name, body);
    blobs.push({ role, sha256: name, bytes });
  }
  return { blobs, omitted, bodies };
}
