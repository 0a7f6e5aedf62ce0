import type { Immutables } from "../../domain/bookSet.ts";
import type { Finding } from "../../domain/Finding.ts";
import { describeError } from "../../lib/describeError.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import { feedAddresses } from "../../loop/feedAddresses.ts";
import type { Bundle } from "./Bundle.ts";
import { BundleProblem } from "./BundleProblem.ts";
import { readBundleText } from "./bundleText.ts";
import { checkClaims, type ExpectedDeployment } from "./checkClaims.ts";
import { hasRepair, NO_KEYS } from "./collectStep.ts";
import { concludeStep } from "./concludeStep.ts";
import { disagreement, findingsOf } from "./judgeStep.ts";
import type { Manifest } from "./Manifest.ts";
import { keysOf, openTries, wordsOf } from "./openStep.ts";
import { opinionOnStep, replayStep, type StepGround } from "./replayStep.ts";
import type { ProvenSlot, Verification } from "./Verification.ts";
import { verifyAnswers, type VerifiedAnswer } from "./verifyAnswers.ts";
import { checked, verifyHeaders, verifyStepBlocks } from "./verifyChain.ts";
import { verifyCustody } from "./verifyCustody.ts";
import { verifySlots } from "./verifySlots.ts";

/** What whoever verifies knows already, or takes on trust. */
export interface VerifyOptions {
  /** A bundle of other contracts is invalid. */
  readonly deployment?: ExpectedDeployment;
  /** Prices that the bundle does not prove are taken on the keeper's word. */
  readonly takesPrices?: boolean;
  /** For tests: broken twins. */
  readonly reducers?: NonNullable<StepGround["reducers"]>;
}

/** What was found out so far: it is told however the verification ends. */
interface Progress {
  manifest: Manifest | null;
  evidenceHash: Hash | null;
  readonly passed: string[];
  findings: readonly Finding[];
  slots: readonly ProvenSlot[];
  readonly given: string[];
  readonly claimed: string[];
}

/** What a replay reads that no trie proves. */
interface Reads {
  readonly prices: Set<Address>;
  readonly immutables: Set<string>;
  /** Words of the oracle: they name the feeds. */
  readonly oracle: Set<bigint>;
}

/**
 * Verifies a bundle with nothing but its text: hashes and links the headers, proves the contracts before and after, replays the
 * step with this program's own reducers, rules and second derivation on the proven words, and compares. Never throws for what the
 * text holds.
 */
export function verifyBundle(text: string, options: VerifyOptions = {}): Verification {
  const found = { findings: [], slots: [], given: [], claimed: [] };
  const progress: Progress = { manifest: null, evidenceHash: null, passed: [], ...found };
  try {
    const reason = run(text, options, progress);
    return toVerification(progress, "confirmed", reason, null);
  } catch (error: unknown) {
    const { kind, message, check, blob } = toProblem(error);
    return toVerification(progress, kind, message, { check, blob });
  }
}

/** Whatever a reader stumbles over lies in the text: nothing else is looked at. */
function toProblem(error: unknown): BundleProblem {
  if (error instanceof BundleProblem) return error;
  return new BundleProblem("invalid", "reader", "file", `it could not be read: ${describeError(error)}`, {
    cause: error,
  });
}

function toVerification(
  { manifest, evidenceHash, passed, findings, slots, given, claimed }: Progress,
  result: Verification["result"],
  reason: string,
  failure: Verification["failure"],
): Verification {
  const shown = slots.length > 0 ? "located" : "root-only";
  return {
    ...{ result, reason, failure, passed, findings, slots, given, claimed },
    incidentId: manifest?.incident.id ?? null,
    evidenceHash,
    kind: manifest?.incident.kind ?? null,
    level: result === "confirmed" ? shown : (manifest?.level ?? null),
    software: manifest?.software ?? null,
    lookUp: manifest === null ? [] : lookUpOf(manifest, evidenceHash),
  };
}

function lookUpOf({ settings, actions, incident, blocks }: Manifest, evidenceHash: Hash | null): string[] {
  const last = blocks.at(-1);
  const { chainId, addresses, pauser } = settings;
  const guard = addresses.SyncGuard;
  const isPaused = pauser !== null && actions.some(({ kind }) => kind === "soft-pause");
  const event = `SoftPaused of ${guard} with the incident ${incident.id} and the attester ${pauser}`;
  const evidence =
    evidenceHash === null
      ? `the evidenceHash in ${event}, which these findings cannot be compared with: some were left out`
      : `that the evidenceHash in ${event} is ${evidenceHash}: the hash of these findings and settings`;
  return [
    `that block ${last?.number} of chain ${chainId} has the hash ${last?.hash}`,
    `that ${guard} is the SyncGuard of your protocol, and the other addresses are its contracts`,
    ...(isPaused ? [evidence] : []),
  ];
}

/** The checks in their order; returns what the bundle shows in one sentence. */
function run(text: string, options: VerifyOptions, progress: Progress): string {
  const pass = (name: string): unknown => progress.passed.push(name);
  const bundle = readBundleText(text);
  const { manifest } = bundle;
  progress.manifest = manifest;
  pass("blobs");
  const claims = checkClaims(bundle, options.deployment);
  progress.evidenceHash = claims.evidenceHash;
  pass("claims");
  const headers = verifyHeaders(bundle);
  pass("headers");
  if (manifest.lack !== null) throw new BundleProblem("incomplete", "step", "manifest", manifest.lack);
  const tries = openTries(bundle, headers);
  pass("account-proofs");
  pass("storage-nodes");
  const blocks = verifyStepBlocks(bundle, headers);
  pass("receipts");
  const answers = verifyAnswers(bundle, headers);
  const hasRepairs = hasRepair(blocks);
  const reads: Reads = { prices: new Set(), immutables: new Set(), oracle: new Set() };
  const ground = groundOf(bundle, { words: wordsOf(tries), answers, blocks, hasRepairs, reads }, options);
  const replay = replayStep(ground);
  const last = blocks.at(-1) as (typeof blocks)[number];
  const header = headers.step.at(-1) ?? headers.base;
  const step = { tries, replay, read: ground.read, header, block: last };
  const custody = verifyCustody(bundle, claims.findings, step);
  progress.given.push(...custody.given);
  const findings = [...checked("replay", "nodes", () => findingsOf(tries, replay, last)), ...custody.findings];
  const opinion = opinionOnStep(ground);
  const dissent = checked("replay", "nodes", () => disagreement(tries, opinion));
  progress.findings = findings;
  noteUnproven(progress, manifest, reads, answers);
  if (hasRepairs) progress.claimed.push("the accounts, assets and instruments that earlier events have named");
  const { hasFailed } = opinion;
  const reason = concludeStep(manifest, {
    claims: claims.findings,
    findings,
    dissent,
    hasFailed,
    hasRoots: tries.after !== null,
  });
  refuseClaims(manifest, progress, options.takesPrices === true && !hasRepairs);
  pass("replay");
  progress.slots = verifySlots(bundle, tries, replay.writes);
  if (progress.slots.length > 0) pass("located-slots");
  return reason;
}

function groundOf(
  bundle: Bundle,
  parts: {
    readonly words: StepGround["read"];
    readonly answers: ReadonlyMap<Address, VerifiedAnswer>;
    readonly blocks: StepGround["blocks"];
    readonly hasRepairs: boolean;
    readonly reads: Reads;
  },
  { reducers }: VerifyOptions,
): StepGround {
  const { addresses, immutables } = bundle.manifest.settings;
  const { words, answers, blocks, hasRepairs, reads } = parts;
  return {
    ...{ addresses, blocks, immutables: noteReads(immutables, reads.immutables) },
    keys: hasRepairs ? keysOf(bundle) : NO_KEYS,
    read: (book, slot) => {
      const word = words(book, slot);
      if (book === "PriceOracle") reads.oracle.add(word);
      return word;
    },
    answerOf: (aggregator) => {
      reads.prices.add(aggregator);
      return answers.get(aggregator);
    },
    ...(reducers === undefined ? {} : { reducers }),
  };
}

/** Tells what was read and is not proved. */
function noteUnproven(
  { given, claimed }: Progress,
  { settings: { immutables } }: Manifest,
  reads: Reads,
  answers: ReadonlyMap<Address, VerifiedAnswer>,
): void {
  for (const name of [...reads.immutables].sort()) {
    given.push(`immutable ${name} = ${String(immutables[name as keyof Immutables])}`);
  }
  const feeds = feedAddresses(reads.oracle, immutables);
  for (const feed of [...reads.prices].filter((other) => feeds.has(other)).sort()) {
    const { answer, updatedAt, doubt = null } = answers.get(feed) ?? {};
    if (doubt !== null) claimed.push(`price feed ${feed} answered ${answer} at ${updatedAt} last: ${doubt}`);
  }
}

/** Only legality rests on prices and keys; what it says is shown only where they are. */
function refuseClaims({ incident }: Manifest, { claimed }: Progress, isTaken: boolean): void {
  if (incident.kind !== "Diverged" || incident.findings[0]?.cause !== "illegal" || claimed.length === 0 || isTaken)
    return;
  const detail = `that it is illegal rests on what only the keeper says: ${claimed.join("; ")}`;
  throw new BundleProblem("incomplete", "prices", "manifest", detail);
}

/** The same immutables; each that is read is noted. */
function noteReads(immutables: Immutables, read: Set<string>): Immutables {
  return new Proxy(immutables, {
    get: (target, name): unknown => {
      if (typeof name === "string") read.add(name);
      return Reflect.get(target, name) as unknown;
    },
  });
}
