/**
 * Staging desync attacks in other teams' tests: the protocol on a development network, a keeper in this process, sources that
 * lie and lag, and matchers for chai. See docs/testing.md.
 */
export { Attack, type AttackOutcome } from "./Attack.ts";
export {
  markForkPoint,
  mineBlocks,
  tamperStorage,
  type ForkPoint,
  type Reorg,
  type Tampering,
} from "./chainControl.ts";
export { type KeeperChoice, type KeeperKeys } from "./createKeeper.ts";
export { describeVerdict } from "./describeVerdict.ts";
export { InProcessKeeper } from "./InProcessKeeper.ts";
export { atMost, droppingLogs, editing, forge, ForgingRpc, lyingRpc, type BlockJson, type Lie } from "./lies.ts";
export { lockstepMatchers, type Containment } from "./lockstepMatchers.ts";
export { readHeadOf, rpcAt, rpcOver, type Eip1193Provider, type Head, type Rpc } from "./Rpc.ts";
export { Seen } from "./Seen.ts";
export { StagedSource } from "./StagedSource.ts";
export { Staging, type StagedDeployment } from "./Staging.ts";
