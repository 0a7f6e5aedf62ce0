import { expect } from "chai";

import { feesFor } from "../../../keeper/actions/plan/fees.ts";
import { encodeSoftPause } from "../../../keeper/actions/plan/calls.ts";
import { VerifiedReader } from "../../../keeper/chain/read/VerifiedReader.ts";
import { createSource } from "../../../keeper/chain/sources/createSource.ts";
import type { Source } from "../../../keeper/chain/sources/Source.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Address, Hash } from "../../../keeper/lib/hex.ts";
import { PAUSE_GAS_LIMIT } from "../../../keeper/actions/plan/gasLimits.ts";
import { checkAgreement } from "../../../keeper/probes/agreement.ts";
import { checkContractCode } from "../../../keeper/probes/contractCode.ts";
import { checkDryPause } from "../../../keeper/probes/dryPause.ts";
import { checkAttestKey, checkBalance, checkPauseKey, checkPending } from "../../../keeper/probes/keys.ts";
import type { ProbeOutcome } from "../../../keeper/probes/Probe.ts";
import { addressOf } from "../../../scripts/local/accounts.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { BentProxy } from "../chain/read/BentProxy.ts";

const STRANGER: Address = `0x${"ab".repeat(20)}`;
const GWEI = 10n ** 9n;

for (const chain of ["anvil", "hardhat"] as const) {
  describe(`probes of the protocol on ${chain}`, function () {
    this.timeout(60_000);
    const signal = new AbortController().signal;
    const deadlineMs = 2_000;
    let world: LocalWorld;
    let bent: BentProxy;
    let sources: Source[];
    let reader: VerifiedReader;
    let pauser: Address;
    let attester: Address;

    before(async () => {
      world = await LocalWorld.open(chain, 5);
      await world.trade(1);
      pauser = addressOf(world.pauser);
      attester = addressOf(world.keys.attest);
      bent = await BentProxy.start(world.node.url);
      const now = (): number => performance.now();
      sources = [world.node.wsUrl, bent.url].map((url, index) => {
        const id = `s${index}`;
        return createSource({ id, url, operator: id, client: chain }, { now });
      });
      const nothing = (): void => undefined;
      for (const source of sources) source.open({ onHead: nothing, onUp: nothing, onDown: nothing }, signal);
      reader = new VerifiedReader({ sources, now });
    });

    afterEach(() => {
      bent.refuse = () => undefined;
      bent.bend = (_, result) => result;
    });

    after(async () => {
      await reader.close();
      for (const source of sources) await source.close();
      await bent.close();
      await world.close();
    });

    function registry(): { reader: VerifiedReader; address: Address } {
      return { reader, address: world.addresses.KeeperRegistry };
    }

    function code(contracts: Record<string, Address>, from: VerifiedReader | null = reader): Promise<ProbeOutcome> {
      return checkContractCode({ contracts, reader: from, sources, deadlineMs, signal });
    }

    function dryPause(by: Address): Promise<ProbeOutcome> {
      const guard = world.addresses.SyncGuard;
      return checkDryPause(reader, { guard, pauser: by, gas: PAUSE_GAS_LIMIT, sources, deadlineMs, signal });
    }

    it("tells the agreed block, or who says what", async () => {
      expect((await checkAgreement(reader)).detail).to.match(/^block \d+ 0x[0-9a-f]{8}… by 2 operators$/);
      bent.refuse = () => "not now";
      const outcome = await checkAgreement(reader);
      expect(outcome.status).to.equal("fail");
      expect(outcome.detail).to.contain("s1: SourceRpcError");
    });

    it("finds the contracts' code, proven and equal", async () => {
      const count = Object.keys(world.addresses).length;
      expect(await code(world.addresses)).to.deep.equal({
        status: "ok",
        detail: `${count} contracts, equal at 2 sources and proven`,
      });
      expect(await code(world.addresses, null)).to.include({ status: "warn" });
    });

    it("notices an address without code, and a source with other code", async () => {
      const misplaced = await code({ ...world.addresses, SyncGuard: STRANGER });
      expect(misplaced).to.include({ status: "fail", detail: "SyncGuard: no code" });
      bent.lie("eth_getCode", (text: string, { params }) =>
        params[0] === world.addresses.SyncGuard ? "0x6001" : text,
      );
      expect((await code(world.addresses)).detail).to.equal("SyncGuard: other code at s1");
    });

    it("knows the keys of an active keeper, by proven storage", async () => {
      expect(await checkPauseKey(registry(), pauser)).to.include({
        status: "ok",
        detail: `${pauser} pauses for keeper ${attester} (active)`,
      });
      expect(await checkAttestKey(registry(), attester, pauser)).to.include({ status: "ok" });
    });

    it("knows a stranger, and keys in each other's place", async () => {
      expect(await checkPauseKey(registry(), STRANGER)).to.include({ status: "fail" });
      expect(await checkPauseKey(registry(), attester)).to.include({ status: "fail" });
      expect((await checkAttestKey(registry(), STRANGER, pauser)).detail).to.equal(`${STRANGER} attests (none)`);
      expect(await checkAttestKey(registry(), pauser, pauser)).to.include({ status: "fail" });
    });

    it("weighs a balance in pauses at the fee cap", async () => {
      const cost = (gwei: bigint): Parameters<typeof checkBalance>[2] => ({
        gas: PAUSE_GAS_LIMIT,
        feeCap: gwei * GWEI,
        feeNow: (base) => feesFor(base, 0, gwei * GWEI).maxFeePerGas,
      });
      expect(await checkBalance(reader, pauser, cost(5_000n))).to.include({ status: "ok" });
      // 10,000 ETH are one pause of 8,000 ETH.
      const scarce = await checkBalance(reader, pauser, cost(20_000_000n));
      expect(scarce).to.deep.include({ status: "warn" });
      expect(scarce.detail).to.match(/: 1 pause at the fee cap$/);
      expect(await checkBalance(reader, STRANGER, cost(5_000n))).to.include({
        status: "fail",
        detail: "0.0000 ETH: 0 pauses at the fee cap",
      });
    });

    it("sees transactions that wait", async () => {
      const bounds = { deadlineMs, signal };
      expect(await checkPending(reader, pauser, sources, bounds)).to.include({ status: "ok" });
      bent.lie("eth_getTransactionCount", () => "0x7");
      expect((await checkPending(reader, pauser, sources, bounds)).detail).to.equal("nonce 0, 7 transactions pending");
    });

    it("runs a pause dry: accepted from the pause key, refused from another", async () => {
      expect(await dryPause(pauser)).to.include({ status: "ok" });
      const refused = await dryPause(STRANGER);
      expect(refused).to.include({ status: "fail" });
      expect(refused.detail).to.equal("s0: KeeperRegistryNotPauser; s1: KeeperRegistryNotPauser");
      expect(await world.flags()).to.equal(0n);
    });

    for (const hostile of [{ toString: 0 }, { toJSON: 1 }, null, [[[]]], 7, "0x", { length: 4e9 }] as const) {
      it(`finds something when a source answers ${JSON.stringify(hostile)}`, async () => {
        bent.bend = () => hostile;
        const bounds = { deadlineMs, signal };
        const outcomes = [
          await checkAgreement(reader),
          await code(world.addresses, null),
          await checkPending(reader, pauser, sources, bounds).catch((error: unknown) => error),
          await dryPause(pauser).catch((error: unknown) => error),
        ];
        for (const outcome of outcomes) {
          // Where two have to agree nothing is agreed on: a fault, which runProbe tells.
          if (outcome instanceof Error) expect(outcome).to.be.instanceOf(KeeperError);
          else expect(outcome).to.have.property("detail").that.is.a("string");
        }
        expect(outcomes[0]).to.have.property("status", "fail");
      });

      it(`finds something when a source answers a call with ${JSON.stringify(hostile)}`, async () => {
        for (const method of ["eth_call", "eth_getCode", "eth_getTransactionCount"]) bent.lie(method, () => hostile);
        const pending = await checkPending(reader, pauser, sources, { deadlineMs, signal });
        expect(pending.detail).to.match(/^nonce \d+, nothing pending$/);
        expect((await dryPause(pauser)).detail).to.match(hostile === "0x" ? /accepted by 2/ : /^s1: no such contract$/);
        expect((await code(world.addresses)).detail).to.match(hostile === "0x" ? /other code at s1/ : /equal at 2/);
      });
    }

    it("says that a key that has paused lately may not again yet", async () => {
      const { header } = await reader.head();
      const data = encodeSoftPause({
        incidentId: `0x${"00".repeat(31)}02` as Hash,
        causeClass: "books",
        blockNumber: header.number,
        blockHash: header.hash,
        evidenceHash: `0x${"00".repeat(32)}`,
      });
      await world.send("eth_sendTransaction", { from: pauser, to: world.addresses.SyncGuard, data, gas: "0x61a80" });
      await world.mine(2);
      expect(await world.flags()).to.not.equal(0n);
      expect(await dryPause(pauser)).to.deep.include({
        status: "warn",
        detail: "s0: KeeperRegistryNotRearmed; s1: KeeperRegistryNotRearmed",
      });
    });
  });
}
