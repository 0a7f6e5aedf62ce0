import { toBeHex, toQuantity, ZeroHash, type Addressable } from "ethers";

import type { Lockstep } from "../fixtures/deployLockstep.ts";
import type { Attested, AttestationInput } from "./attestations.ts";
import { mappingSlot, nestedSlot, readStorageProof } from "./proofs.ts";

/** What an account had in one instrument at the witness. */
export interface PositionWitnessInput {
  readonly position: string[];
  readonly market: string[];
}

/** The witness of a withdrawal, as the vault takes it. */
export interface WitnessInput {
  readonly attestation: AttestationInput;
  readonly roots: string[];
  readonly balanceProof: string[];
  readonly flowProof: string[];
  readonly pages: string[][];
  readonly positions: PositionWitnessInput[];
}

/** A witness of nothing, for calls that do not look at it: they are refused before, or there is no checkpoint. */
export const EMPTY_WITNESS: WitnessInput = {
  attestation: {
    setId: 0n,
    bookSetVersion: 0n,
    blockNumber: 0,
    blockHash: ZeroHash,
    booksRoot: ZeroHash,
  },
  roots: [],
  balanceProof: [],
  flowProof: [],
  pages: [],
  positions: [],
};

/** Open ids of 16 bits in a page of the ledger. */
const IDS_PER_PAGE = 15n;

/** The slots of the two-witness rule, from the storage layouts of ledger and vault. */
export const slotOf = {
  account: (account: string): string => mappingSlot("bytes32", account, 1n),
  position: (account: string, instrument: bigint): string =>
    mappingSlot("bytes32", toBeHex(instrument, 32), mappingSlot("bytes32", account, 2n)),
  page: (account: string, page: bigint): string =>
    mappingSlot("bytes32", toBeHex(page, 32), mappingSlot("bytes32", account, 3n)),
  collateral: (account: string, asset: string): string => nestedSlot(account, asset, 4n),
  market: (instrument: bigint): string => mappingSlot("bytes32", toBeHex(instrument, 32), 5n),
  flow: (account: string, asset: string): string => nestedSlot(account, asset, 2n),
  claim: (account: string, asset: string): string => nestedSlot(account, asset, 3n),
  claimPaid: (account: string, asset: string): string => nestedSlot(account, asset, 8n),
};

/** Proofs of what checkpoint `attested` says of an account and asset, or of its claim. */
export async function readWitness(
  system: Lockstep,
  attested: Attested,
  account: string,
  token: Addressable,
  kind: "balance" | "claim" = "balance",
): Promise<WitnessInput> {
  const asset = await token.getAddress();
  const { attestation, roots } = attested;
  const reader = new StorageReader(system, attestation.blockNumber);
  const [vault, ledger] = [system.vault.target as string, system.ledger.target as string];
  if (kind === "claim") {
    const balanceProof = await reader.proof(vault, slotOf.claim(account, asset));
    const flowProof = await reader.proof(vault, slotOf.claimPaid(account, asset));
    return { attestation, roots, flowProof, balanceProof, pages: [], positions: [] };
  }
  const flowProof = await reader.proof(vault, slotOf.flow(account, asset));
  const isSettlement = asset === (await system.usd.getAddress());
  const balanceSlot = isSettlement ? slotOf.account(account) : slotOf.collateral(account, asset);
  const balanceProof = await reader.proof(ledger, balanceSlot);
  const opened = isSettlement ? await readPositions(reader, ledger, account) : { pages: [], positions: [] };
  return { attestation, roots, flowProof, balanceProof, ...opened };
}

/** The pages of open ids of an account, and what it had in each, in their order. */
async function readPositions(reader: StorageReader, ledger: string, account: string) {
  const pages: string[][] = [];
  const positions: PositionWitnessInput[] = [];
  const count = ((await reader.word(ledger, slotOf.account(account))) >> 128n) & 0xffffn;
  let ids = 0n;
  for (let index = 0n; index < count; index += 1n) {
    if (index % IDS_PER_PAGE === 0n) {
      const slot = slotOf.page(account, index / IDS_PER_PAGE);
      ids = await reader.word(ledger, slot);
      pages.push(await reader.proof(ledger, slot));
    }
    const instrument = ids & 0xffffn;
    ids >>= 16n;
    positions.push({
      position: await reader.proof(ledger, slotOf.position(account, instrument)),
      market: await reader.proof(ledger, slotOf.market(instrument)),
    });
  }
  return { pages, positions };
}

/** Storage as of one block. */
class StorageReader {
  readonly #system: Lockstep;
  readonly #number: number;

  constructor(system: Lockstep, number: number) {
    this.#system = system;
    this.#number = number;
  }

  async word(contract: string, slot: string): Promise<bigint> {
    const { provider } = this.#system.ethers;
    return BigInt((await provider.send("eth_getStorageAt", [contract, slot, toQuantity(this.#number)])) as string);
  }

  /** Empty for an absent word, which has no proof of inclusion and needs none. */
  async proof(contract: string, slot: string): Promise<string[]> {
    if ((await this.word(contract, slot)) === 0n) return [];
    return await readStorageProof(this.#system.ethers, contract, slot, this.#number);
  }
}
