import { id, type Wallet } from "ethers";

import { firstAccountOf } from "../../../../keeper/books/naive/decode.ts";
import type { Address, Hash } from "../../../../keeper/lib/hex.ts";
import { attesterKey, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { attest, readKeeperSet, signAttestation } from "../../../helpers/attestations.ts";
import { certifyPause, certifyResume, readHead, signPause, signResume } from "../../../helpers/guard.ts";
import type { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { encodeRepairs, quoteTo } from "./tourRepairs.ts";
import { GAS } from "./TrafficRisk.ts";

/** Keys of keepers that may come and go. */
const GUESTS = 3;

/** Random operations of keepers, carriers and of whoever repairs what is halted. Nothing is mined here. */
export class TrafficSync {
  readonly #system: Lockstep;
  readonly #random: SeededRandom;
  readonly #guests: readonly Wallet[];
  #isFunded = false;

  constructor(system: Lockstep, random: SeededRandom) {
    this.#system = system;
    this.#random = random;
    this.#guests = Array.from({ length: GUESTS }, (_, index) => attesterKey(20 + index));
  }

  /** All attest keys that are members now. */
  async #signers(): Promise<Wallet[]> {
    const { members } = await readKeeperSet(this.#system);
    const known = [...this.#system.keepers.map(({ attester }) => attester), ...this.#guests];
    return known.filter(({ address }) => members.includes(address));
  }

  /** A true checkpoint of the head; while a pause stands, a resume after it. */
  async post(): Promise<void> {
    const { registry, ledger } = this.#system;
    const { attestation, roots } = await attest(this.#system);
    const signatures = await signAttestation(this.#system, attestation, await this.#signers());
    await registry.post(attestation, roots, await readKeeperSet(this.#system), signatures, GAS);
    if (((await ledger.hotWord()).flags & 1n) !== 0n) await this.#resume();
  }

  async #resume(): Promise<void> {
    const certificate = await certifyResume(this.#system);
    const signatures = await signResume(this.#system, certificate, await this.#signers());
    await this.#system.guard.resume(certificate, await readKeeperSet(this.#system), signatures, GAS);
  }

  /** Soft, of either class, by any keeper; and seldom by a quorum. */
  async pause(): Promise<void> {
    const { ethers, guard, keepers } = this.#system;
    const number = (await ethers.provider.getBlockNumber()) - this.#random.below(3);
    const { hash } = (await ethers.provider.getBlock(number))!;
    const incidentId = id(`incident ${this.#random.below(6)}`);
    if (this.#random.below(6) === 0) {
      const certificate = await certifyPause(this.#system, incidentId, { ...(await readHead(this.#system)) });
      const signatures = await signPause(this.#system, certificate, await this.#signers());
      await guard.hardPause(certificate, await readKeeperSet(this.#system), signatures, GAS);
      return;
    }
    const { pauser } = keepers[this.#random.below(keepers.length)]!;
    const causeClass = this.#random.below(2);
    await guard.connect(pauser).softPause(incidentId, causeClass, number, hash!, id("evidence"), GAS);
  }

  /** Quote from one account to another, in one transaction. Refused unless something is halted. */
  async repair(): Promise<void> {
    const { authority, users } = this.#system;
    const [from, to] = users.slice(0, 2).map(({ address }) => firstAccountOf(address.toLowerCase() as Address)) as [
      Hash,
      Hash,
    ];
    const amount = BigInt(1 + this.#random.below(1_000)) * 10n ** 15n;
    const calls = await encodeRepairs(this.#system, [quoteTo(from, -amount), quoteTo(to, amount)]);
    await authority.multicall(calls, GAS);
  }

  /** A guest comes, bonds, is seated, leaves or is paid back: whatever is refused belongs to the traffic. */
  async moveKeepers(): Promise<void> {
    const { keeperRegistry, bondToken, users, admin } = this.#system;
    if (!this.#isFunded) {
      await bondToken.mint(admin.address, 10n ** 30n, GAS);
      await bondToken.connect(admin).approve(keeperRegistry.target, 10n ** 30n, GAS);
      this.#isFunded = true;
    }
    const index = this.#random.below(GUESTS);
    const { address } = this.#guests[index]!;
    const dice = this.#random.below(6);
    if (dice === 0) await keeperRegistry.approve(address, users[index + 5]!.address, admin.address, GAS);
    else if (dice === 1) await keeperRegistry.bond(address, GAS);
    else if (dice < 4) await keeperRegistry.activate(address, GAS);
    else if (dice === 4) await keeperRegistry.requestExit(address, GAS);
    else await keeperRegistry.remove(address, GAS);
  }

  /** New terms for carriers, or a reward for the newest checkpoint. */
  async reward(): Promise<void> {
    const { registry, admin } = this.#system;
    if (this.#random.below(3) === 0) await registry.setReward(10n ** 15n, 1 + this.#random.below(20), GAS);
    else await registry.claimReward(await registry.newestNumber(), accountOf(admin), GAS);
  }
}
