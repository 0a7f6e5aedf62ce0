import { expect } from "chai";
import { toBeHex, Wallet } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { attest, postAttested, type Attested } from "../../helpers/attestations.ts";
import { convict } from "../../helpers/convict.ts";
import { attestLike, hardPause, readHead, resume } from "../../helpers/guard.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { RingModel } from "./RingModel.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const RING = 64;
const SEED = 20_261_122;
const STEPS = 500;
/** Every so many steps everything is looked up. */
const PERIOD = 100;
/** Of a hundred steps. */
const CONVICTIONS = 4;
const HALTS = 3;
const RESUMES = 1;

describe("CheckpointRegistry > ring", () => {
  let system: Lockstep;
  let model: RingModel;
  let random: SeededRandom;
  let like: Attested;
  /** What was posted, by block. */
  let posted: Map<number, Attested>;

  before(async () => {
    system = await deployLockstep(connection, { keeperCount: 4 });
    await networkHelpers.mine(3);
    like = await attest(system);
    model = new RingModel(RING);
    random = new SeededRandom(SEED);
    posted = new Map();
  });

  async function post(): Promise<void> {
    await networkHelpers.mine(1 + random.below(3));
    // The registry's own root changes with every post, so that each of these is a lie that can be convicted.
    const attested = await attestLike(system, like);
    await postAttested(system, attested);
    posted.set(attested.attestation.blockNumber, attested);
    model.post(attested.attestation.blockNumber);
  }

  /** Voids a random one that is kept, through the signature of somebody who has nothing to lose. */
  async function convictOne(): Promise<void> {
    const valid = model.kept.filter(({ number, isConvicted }) => !isConvicted && posted.has(number));
    const one = valid[random.below(Math.max(1, valid.length))];
    if (one === undefined) return;
    const index = system.books.indexOf(system.registry.target as string);
    await convict(system, posted.get(one.number)!, { index, signers: [new Wallet(toBeHex(7, 32))] });
    model.convict(one.number);
  }

  async function halt(): Promise<void> {
    const { number } = await readHead(system);
    const judged = (await system.ethers.provider.getBlock(number - random.below(100)))!;
    await hardPause(
      system,
      toBeHex(1 + random.below(1_000_000), 32),
      await readHead({ ...system, ethers: at(judged.number) }),
    );
    model.halt(judged.number);
  }

  /** An `ethers` whose newest block is `number`. */
  function at(number: number): Lockstep["ethers"] {
    const { provider } = system.ethers;
    return { provider: { getBlock: async () => await provider.getBlock(number) } } as unknown as Lockstep["ethers"];
  }

  /** Resumes with a fresh checkpoint, which is true. */
  async function resumeAll(): Promise<void> {
    if (model.witness === null) return;
    await resume(system);
    model.post(Number(await system.registry.newestNumber()));
    model.resume();
  }

  async function checkOne(): Promise<void> {
    const { registry, guard } = system;
    expect(await registry.newestNumber()).to.equal(model.newest);
    const witness = model.witness ?? model.newest;
    expect(await guard.witnessNumber()).to.equal(witness);
    // The witness is found as long as it is one.
    if (witness !== 0) expect((await registry.checkpointOf(witness)).blockNumber).to.equal(witness);
    const any = random.below((await readHead(system)).number + 2);
    expect(await registry.newestBefore(any), `before ${any}`).to.equal(model.newestBefore(any));
  }

  async function checkAll(): Promise<void> {
    const { registry } = system;
    const numbers = new Set<number>([0, 1]);
    for (const number of posted.keys()) for (const near of [-1, 0, 1]) numbers.add(number + near);
    const kept = new Map(model.kept.map((checkpoint) => [checkpoint.number, checkpoint]));
    for (const number of [...numbers].slice(-3 * RING - 20)) {
      expect(await registry.newestBefore(number), `before ${number}`).to.equal(model.newestBefore(number));
      const found = await registry.checkpointOf(number).catch(() => null);
      const wanted = kept.get(number);
      expect(found?.status, `status of ${number}`).to.equal(wanted && (wanted.isConvicted ? 3n : 1n));
      expect(found?.blockNumber, `block ${number}`).to.equal(wanted && BigInt(number));
    }
    expect((await registry.newest()).blockNumber).to.equal(model.newest);
  }

  it(`finds what a list finds, and never drops the witness (${STEPS} steps, seed ${SEED})`, async () => {
    for (let step = 0; step < STEPS; step += 1) {
      const dice = random.below(100);
      if (dice < CONVICTIONS) await convictOne();
      else if (dice < CONVICTIONS + HALTS) await halt();
      else if (dice < CONVICTIONS + HALTS + RESUMES) await resumeAll();
      else await post();
      await checkOne();
      if (step % PERIOD === PERIOD - 1) await checkAll();
    }
    // What this is about did happen.
    expect(model.kept.length).to.equal(RING);
    expect(model.replaced).to.be.greaterThan(50);
    expect(model.convicted).to.be.greaterThan(10);
  });
});
