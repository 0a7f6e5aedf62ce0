import { hot } from "../../keeper/books/naive/ledgerStorage.ts";
import { firstAccountOf } from "../../keeper/books/naive/decode.ts";
import { incident, keyAt } from "../../keeper/books/naive/syncStorage.ts";
import { Draw } from "../../scripts/histories/Draw.ts";
import { drawCall, USER_ADDRESSES } from "../../simulator/chain/traffic.ts";
import { Execution } from "../../simulator/contracts/Execution.ts";
import { GENESIS } from "../../simulator/world/genesis.ts";
import { History, type Model, type Operation, type Tally } from "./History.ts";
import { drawKeeperRequest } from "./keeperRequests.ts";
import type { RealContracts } from "./RealContracts.ts";

/** What a random history is made of. */
export interface HistoryOptions {
  readonly seed: number;
  readonly blocks: number;
  readonly model?: Model;
}

/** Of the simulator's chain, see `Simulation`; and one that nothing there uses. */
const STREAM = { chain: 10, others: 30 } as const;
const UNIT = 1_000_000n;
const CALLS = ["deposit", "withdraw", "withdraw", "cancel"] as const;

/**
 * A random history: users' traffic drawn as the simulator draws it, from the same stream, with keepers' requests, now and then
 * what meets a limit, and jumps of time to where something expires. In every other one keepers only post, so that exits stay open.
 *
 * @throws AssertionError where model and contracts differ
 */
export async function playHistory(real: RealContracts, { seed, blocks, model }: HistoryOptions): Promise<Tally> {
  const history = await History.begin(real, `seed ${seed}`, model);
  const [traffic, draw] = [new Draw(seed, STREAM.chain), new Draw(seed, STREAM.others)];
  const isCalm = seed % 2 === 0;
  const most = 1 + traffic.below(4);
  for (let made = 0; made < blocks; made += 1) {
    // Nothing here resumes: after a hard pause exits stay shut.
    const isHalting = made > (blocks * 3) / 4;
    await history.grow(drawSeconds(history, draw), function* (execution) {
      for (let count = traffic.below(most + 1); count > 0; count -= 1) yield drawCall(execution, traffic);
      if (draw.chance(0.3)) yield drawExtreme(draw);
      for (let count = draw.below(4); count > 0; count -= 1) {
        yield drawKeeperRequest(execution, draw, { isCalm, isHalting });
      }
    });
  }
  return history.tally;
}

/** A slot's time, or the time until a second before, at or after one at which the contracts change their mind. */
function drawSeconds({ head }: History, draw: Draw): number {
  if (draw.chance(0.8)) return draw.pick([1, 2, 12, 12]);
  const state = new Execution(GENESIS.contracts, head, head.number + 1, head.timestamp).view();
  const { staleLimit, coolDown, grace } = GENESIS.contracts.immutables;
  const { booksUntil, viewUntil } = keyAt(draw.pick(GENESIS.keepers).pause);
  const changes = [
    ...[state.get(hot.checkpointTime) + staleLimit, state.get(hot.graceUntil), BigInt(head.timestamp) + grace],
    ...[state.get(incident.softUntil), state.get(incident.liftedAt) + coolDown],
    ...[state.get(booksUntil) + coolDown, state.get(viewUntil) + coolDown],
  ];
  const seconds = Number(draw.pick(changes)) - head.timestamp + draw.between(-1, 1);
  return seconds > 0 ? seconds : draw.between(600, 9_000);
}

/** What nobody's traffic in the simulator asks for: amounts that meet the limits, and orders that are dead. */
function drawExtreme(draw: Draw): Operation {
  const owner = draw.pick(USER_ADDRESSES);
  const account = firstAccountOf(owner);
  const kind = draw.pick(CALLS);
  if (kind === "cancel") return { kind, owner, account, lane: 1n, sequence: BigInt(draw.below(3)) };
  return { kind, owner, account, amount: BigInt(draw.between(1, 50)) * 10_000_000n * UNIT };
}
