import type { HardhatEthers, HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { ZeroAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type {
  BareAggregator,
  HostileAggregator,
  InstrumentRegistry,
  MockRoundFeed,
  MockSequencerFeed,
  PriceOracle,
  ReadingProbe,
} from "../../../types/ethers-contracts/index.ts";
// Types `getContractAt` by the contract's name.
import type {} from "../../../types/ethers-contracts/hardhat.d.ts";

export const UNIT = 10n ** 18n;
/** One quote in a feed of 8 decimals. */
export const FEED_UNIT = 10n ** 8n;
export const HOUR = 3_600;
export const DAY = 24 * HOUR;
/** The bounds and the age of every feed of the fixture. */
export const LOW = 100n * UNIT;
export const HIGH = 10_000n * UNIT;
export const MAX_AGE = HOUR;
/** The chain of the oracle with a sequencer. */
export const GRACE = HOUR;

/** The feeds that the fixture sets: of a `BareAggregator`, of one that misbehaves, and of one written round by round. */
export const FEEDS = { bare: 1, hostile: 2, rounds: 3, zeroRounds: 4 } as const;

/** The contracts that judge prices and terms, without the rest of the protocol. */
export interface Risk {
  readonly ethers: HardhatEthers;
  readonly admin: HardhatEthersSigner;
  readonly user: HardhatEthersSigner;
  readonly authority: string;
  /** On a chain without a sequencer. */
  readonly oracle: PriceOracle;
  /** On a chain with one. */
  readonly rollupOracle: PriceOracle;
  readonly instruments: InstrumentRegistry;
  readonly primary: BareAggregator;
  readonly secondary: BareAggregator;
  readonly hostile: HostileAggregator;
  /** Reverts for a round that does not exist. */
  readonly rounds: MockRoundFeed;
  /** Answers with zeros for a round that does not exist. */
  readonly zeroRounds: MockRoundFeed;
  readonly sequencer: MockSequencerFeed;
  readonly probe: ReadingProbe;
}

/** Deploys oracles, registry and feeds; account 0 governs. */
export async function deployRisk({ ethers }: NetworkConnection): Promise<Risk> {
  const [admin, user] = await ethers.getSigners();
  const manager = await ethers.deployContract("AccessManager", [admin!.address]);
  const authority = await manager.getAddress();
  const oracle = await ethers.deployContract("PriceOracle", [authority, ZeroAddress, 0]);
  const sequencer = await ethers.deployContract("MockSequencerFeed");
  const rollupOracle = await ethers.deployContract("PriceOracle", [authority, await sequencer.getAddress(), GRACE]);
  const system: Risk = {
    ethers,
    admin: admin!,
    user: user!,
    authority,
    oracle,
    rollupOracle,
    instruments: await ethers.deployContract("InstrumentRegistry", [authority, await oracle.getAddress()]),
    primary: await ethers.deployContract("BareAggregator", [8]),
    secondary: await ethers.deployContract("BareAggregator", [18]),
    hostile: await ethers.deployContract("HostileAggregator"),
    rounds: await ethers.deployContract("MockRoundFeed", [true]),
    zeroRounds: await ethers.deployContract("MockRoundFeed", [false]),
    sequencer,
    probe: await ethers.deployContract("ReadingProbe"),
  };
  const feeds = [system.primary, system.hostile, system.rounds, system.zeroRounds];
  for (const [index, aggregator] of feeds.entries()) {
    await oracle.setFeed(index + 1, aggregator.target, MAX_AGE, LOW, HIGH);
  }
  await rollupOracle.setFeed(FEEDS.bare, system.primary.target, MAX_AGE, LOW, HIGH);
  return system;
}
