import type { Lockstep } from "../../test/fixtures/deployLockstep.ts";
import { UNIT } from "../../test/helpers/orders.ts";
import type { GasRecorder } from "./GasRecorder.ts";
import { listOption } from "./listOption.ts";
import type { GasNetwork } from "./openGasNetwork.ts";

const DAY = 86_400;
const COUNT = 30;
const FIRST_OPTION = 100;
/** How a valuation treats a price that breaks a rule. */
const STRICT = 0;

/**
 * Views, each asked for by a transaction, so that everything it touches is cold.
 *
 * @param option number of a listed call
 */
export async function measureViews(
  system: Lockstep,
  network: GasNetwork,
  recorder: GasRecorder,
  option: number,
): Promise<void> {
  const { admin, margin, ethers, instruments, usd } = system;
  const to = await margin.getAddress();
  const send = async (data: string) => await admin.sendTransaction({ to, data });
  await recorder.view("option-price", send(margin.interface.encodeFunctionData("markOf", [option])));

  const valuationOf = async (positions: { instrument: number; size: bigint }[]) => {
    const portfolio = { quote: 10_000n * UNIT, checkpointTime: network.now() - 300, positions, collateral: [] };
    return await send(margin.interface.encodeFunctionData("evaluate", [portfolio, STRICT]));
  };
  await recorder.view("margin-1-perpetual", valuationOf([{ instrument: 1, size: UNIT }]));
  const held = [];
  for (let count = 0; count < COUNT; count += 1) {
    const instrument = FIRST_OPTION + count;
    const strike = BigInt(2_400 + 40 * count) * UNIT;
    const expiry = network.now() + (7 + count) * DAY;
    await listOption(system, { option: instrument, feed: 1, strike, expiry, isPut: count % 2 === 1 });
    held.push({ instrument, size: count % 3 === 0 ? -UNIT : UNIT });
  }
  await recorder.view("margin-30-options", valuationOf(held));

  const probe = await ethers.deployContract("GuardCheckProbe", [to, instruments.target, usd.target, DAY]);
  recorder.note("guard-check", Number(await probe.guardCheckGas()));
}
