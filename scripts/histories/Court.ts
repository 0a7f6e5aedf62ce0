import { id, Wallet } from "ethers";

import { keccakWords } from "../../keeper/lib/keccakWords.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import { attesterKey, type Lockstep } from "../../test/fixtures/deployLockstep.ts";
import { addKeeper, approveKeeper, bondKeeper } from "../../test/helpers/keepers.ts";
import type { History, Roster } from "./generateHistory.ts";
import { byteString, list, word } from "./Motion.ts";
import type { Forum, Suspect } from "./Prosecution.ts";
import { QuickSigner } from "./QuickSigner.ts";
import { createWorld } from "./World.ts";

/** What came of one attempt. */
export type Outcome =
  | { readonly isConvicted: false; /** Selector of the error; `0x00000000` without one. */ readonly error: string }
  | { readonly isConvicted: true; /** Mask of those who lost their bonds. */ readonly convicted: bigint };

/** How many keepers are active, and the statuses of one more each, in the order of the roster. */
const ACTIVE = 8;
const OTHERS = ["bonded", "unbonding", "withdrawn", "approved", "unknown"] as const;
const WITH_BOND: readonly string[] = ["bonded", "unbonding"];
/** The role that changes book sets and removes keepers, see deploy/roles.ts. */
const KEEPERS_ROLE = 6n;
const CALL_GAS = 4_000_000_000_000n;
/** Anvil takes requests of 2 MB. */
const BATCH_DIGITS = 1_500_000;
/** The unbonding time, and an hour for a node whose blocks run ahead of the clock. */
const WAIT_SECONDS = 14 * 86_400 + 3_600;

/** The networks to open a court on need room for calls of this much gas. */
export const COURT_NETWORK = { blockGasLimit: 2n * CALL_GAS } as const;

/**
 * The whole protocol on a chain of its own, where every attempt calls the real `CheckpointRegistry.convict` in the same
 * state: nothing is mined any more.
 */
export class Court {
  readonly forum: Forum;
  readonly roster: Roster = {
    count: ACTIVE + OTHERS.length,
    active: Array.from({ length: ACTIVE }, (_, index) => index),
    bonded: [ACTIVE + OTHERS.indexOf("bonded")],
  };
  readonly #system: Lockstep;
  readonly #harness: string;

  private constructor(system: Lockstep, harness: string, forum: Forum) {
    this.#system = system;
    this.#harness = harness;
    this.forum = forum;
  }

  /** Lets keepers of every status into a fresh deployment, whose first one is {@link attesterKey} 0. */
  static async open(system: Lockstep): Promise<Court> {
    const wallets = Array.from({ length: ACTIVE + OTHERS.length }, (_, index) => attesterKey(index));
    for (const { address } of wallets.slice(1, ACTIVE)) await addKeeper(system, address, Wallet.createRandom());
    await admitOthers(system, wallets.slice(ACTIVE));
    const suspects = wallets.map(({ privateKey }, index): Suspect => {
      const isBonded = index < ACTIVE || WITH_BOND.includes(OTHERS[index - ACTIVE] ?? "");
      return { signer: new QuickSigner(privateKey), isBonded };
    });
    const harness = await system.ethers.deployContract("ConvictionHarness", [
      system.registry.target,
      system.keeperRegistry.target,
      wallets.map(({ address }) => address),
    ]);
    await system.authority.grantRole(KEEPERS_ROLE, harness.target, 0);
    const { chainId } = await system.ethers.provider.getNetwork();
    const forum = {
      world: createWorld(system.books),
      suspects,
      domain: domainOf(chainId, system.registry.target as Address),
      otherDomains: [
        domainOf(chainId + 1n, system.registry.target as Address),
        domainOf(chainId, harness.target as Address),
      ],
    };
    return new Court(system, harness.target as string, forum);
  }

  /** What comes of each call (calldata of `convict`, without prefix), each in the state that the history led to. */
  async judge(history: History, calls: readonly string[]): Promise<Outcome[]> {
    const prepared = this.preparationsOf(history).map(({ target, data }) => {
      return word(BigInt(target)) + word(64) + byteString(data.slice(2));
    });
    const preparations = list(prepared);
    const outcomes: Outcome[] = [];
    for (const batch of batchesOf(calls)) outcomes.push(...(await this.#judgeBatch(preparations, batch)));
    return outcomes;
  }

  async #judgeBatch(preparations: string, calls: readonly string[]): Promise<Outcome[]> {
    const convictions = list(calls.map(byteString));
    const selector = id("run((address,bytes)[],bytes[])").slice(0, 10);
    const data = selector + word(64) + word(64 + preparations.length / 2) + preparations + convictions;
    const request = { to: this.#harness, data, gas: `0x${CALL_GAS.toString(16)}` };
    const { provider } = this.#system.connection;
    const answer = (await provider.request({ method: "eth_call", params: [request, "latest"] })) as string;
    return calls.map((_, index) => toOutcome(answer.slice(2 + 64 * (2 + index), 2 + 64 * (3 + index))));
  }

  /** The name of an error, by its selector. */
  nameOf(error: string): string {
    return error === "0x00000000" ? "no reason" : (this.#system.registry.interface.getError(error)?.name ?? error);
  }

  /** Index of a keeper in the roster, by its attest key. */
  indexOf(attester: string): number {
    return this.forum.suspects.findIndex(({ signer }) => signer.address === attester);
  }

  /** The calls of governance in a history: its book sets beyond the first, and who has to leave. */
  preparationsOf({ bookSets, removed, joined }: History): { readonly target: string; readonly data: string }[] {
    const { registry, keeperRegistry } = this.#system;
    const { world, suspects } = this.forum;
    const announced = bookSets.slice(1).map(({ books, activeFrom }) => ({
      target: registry.target as string,
      data: registry.interface.encodeFunctionData("setBooks", [
        books.map((book) => world.contracts[book]?.address ?? ""),
        activeFrom,
      ]),
    }));
    const change = (name: "remove" | "activate") => (index: number) => ({
      target: keeperRegistry.target as string,
      data: keeperRegistry.interface.encodeFunctionData(name as "remove", [suspects[index]?.signer.address ?? ""]),
    });
    return [...announced, ...removed.map(change("remove")), ...joined.map(change("activate"))];
  }
}

/** The calls in order, in groups of no more digits than a request may have. */
function batchesOf(calls: readonly string[]): string[][] {
  const batches: string[][] = [[]];
  let digits = 0;
  for (const call of calls) {
    digits += call.length;
    if (digits > BATCH_DIGITS) {
      batches.push([]);
      digits = call.length;
    }
    batches.at(-1)?.push(call);
  }
  return batches;
}

/** Lets one keeper in for each of {@link OTHERS}, as far as it comes. */
async function admitOthers(
  system: Lockstep,
  [bonded, unbonding, withdrawn, approved]: readonly Wallet[],
): Promise<void> {
  const { keeperRegistry, ethers } = system;
  const pauser = () => Wallet.createRandom();
  for (const leaver of [withdrawn, unbonding]) {
    if (leaver === undefined) throw new Error("a status without a keeper");
    await addKeeper(system, leaver, pauser());
    await keeperRegistry.remove(leaver.address);
    if (leaver === unbonding) break;
    await ethers.provider.send("evm_increaseTime", [WAIT_SECONDS]);
    await ethers.provider.send("evm_mine", []);
    await keeperRegistry.withdrawBond(leaver.address);
  }
  for (const waiting of [bonded, approved]) {
    if (waiting === undefined) throw new Error("a status without a keeper");
    await approveKeeper(system, waiting, pauser());
    if (waiting === bonded) await bondKeeper(system, waiting);
  }
}

/** The domain separator of a checkpoint registry. Source: EIP-712. */
function domainOf(chainId: bigint, registry: Address): Hash {
  const type = id("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
  return keccakWords([type as Hash, id("Lockstep") as Hash, id("1") as Hash, chainId, registry]);
}

/** Reads a word of `ConvictionHarness.run`. */
function toOutcome(digits: string): Outcome {
  const status = digits.slice(8, 10);
  if (status === "01") return { isConvicted: false, error: `0x${digits.slice(0, 8)}` };
  if (status === "02") return { isConvicted: true, convicted: BigInt(`0x${digits.slice(10)}`) };
  throw new Error(`an attempt came to nothing: ${digits}`);
}
