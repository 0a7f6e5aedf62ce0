import type { PinnedBlock } from "../../domain/chainProfile.ts";
import { HexError, parseSafeQuantity, type Hash } from "../../lib/hex.ts";
import type { BatchItem, SourceCall } from "../sources/Source.ts";
import { verifyHeader } from "../verify/header.ts";
import { VerificationError } from "../verify/VerificationError.ts";

/** What a source must serve to have a vote; what is absent is not asked for. */
export interface ExpectedChain {
  readonly chainId?: number | undefined;
  /** Hash of block 0. */
  readonly genesisHash?: Hash | undefined;
  readonly pin?: PinnedBlock | undefined;
}

/** One question about the chain; a problem in words, or null. */
interface Check {
  readonly call: SourceCall;
  readonly judge: (result: unknown) => string | null;
}

interface Finding {
  /** Why the source has no vote; null when it has. */
  readonly problem: string | null;
  readonly atMs: number;
}

const RECHECK_MS = 30_000;

/**
 * Whether each source serves the expected chain. Asked together with the first call, again after 30 seconds, and after
 * {@link Identities.forget}: behind one URL there may be another node by then.
 *
 * That a source serves the pinned block says that its chain holds it only if the source is honest; what a majority of
 * dishonest sources serves, no pin can tell.
 */
export class Identities {
  readonly #checks: readonly Check[];
  readonly #now: () => number;
  readonly #findings = new Map<string, Finding>();

  constructor(expected: ExpectedChain, now: () => number) {
    this.#now = now;
    const { chainId, genesisHash, pin } = expected;
    this.#checks = [
      ...(chainId === undefined ? [] : [chainIdCheck(chainId)]),
      ...(genesisHash === undefined ? [] : [blockCheck("genesis", { number: 0, hash: genesisHash })]),
      ...(pin === undefined ? [] : [blockCheck("pinned block", pin)]),
    ];
  }

  /** What is to be asked before the source's vote counts. */
  calls(source: string): readonly SourceCall[] {
    const finding = this.#findings.get(source);
    if (finding !== undefined && this.#now() - finding.atMs < RECHECK_MS) return [];
    return this.#checks.map(({ call }) => call);
  }

  /** Takes in the answers to {@link Identities.calls}. A fault says nothing about the chain and is not kept. */
  judge(source: string, items: readonly BatchItem[]): void {
    this.#findings.delete(source);
    let problem: string | null = null;
    for (const [index, check] of this.#checks.entries()) {
      const item = items[index];
      if (item?.ok !== true) return;
      problem ??= check.judge(item.result);
    }
    this.#findings.set(source, { problem, atMs: this.#now() });
  }

  /** Why the source has no vote; null when it has one. */
  problemOf(source: string): string | null {
    if (this.#checks.length === 0) return null;
    const finding = this.#findings.get(source);
    return finding === undefined ? "its chain could not be checked" : finding.problem;
  }

  /** The source was reconnected. */
  forget(source: string): void {
    this.#findings.delete(source);
  }
}

function chainIdCheck(expected: number): Check {
  return {
    call: { method: "eth_chainId", params: [] },
    judge: (result) => {
      try {
        const actual = parseSafeQuantity(result, "chainId");
        return actual === expected ? null : `it serves chain ${actual}, not ${expected}`;
      } catch (error: unknown) {
        if (error instanceof HexError) return "its chain id is no quantity";
        throw error;
      }
    },
  };
}

function blockCheck(name: string, { number, hash }: PinnedBlock): Check {
  return {
    call: { method: "eth_getBlockByNumber", params: [`0x${number.toString(16)}`, false] },
    judge: (result) => {
      if (result === null) return `it does not have the ${name} ${number}`;
      try {
        return verifyHeader(result, hash).number === number ? null : `its ${name} has another number`;
      } catch (error: unknown) {
        if (error instanceof VerificationError) return `its ${name} ${number} is another block (${error.code})`;
        throw error;
      }
    },
  };
}
