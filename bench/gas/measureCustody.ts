import type { Desk } from "./Desk.ts";
import type { GasRecorder } from "./GasRecorder.ts";

/** Deposits and withdrawals of an account, first flat, then with one position. */
export async function measureCustody(desk: Desk, recorder: GasRecorder): Promise<void> {
  const [alice, bob] = [desk.holder(0), desk.holder(1)];
  for (const one of [alice, bob]) await desk.endow(one);
  await desk.deposit(bob, 1_000_000n);
  await recorder.whole("deposit-first", desk.deposit(alice, 100_000n));
  await recorder.whole("deposit", desk.deposit(alice, 100_000n));
  await desk.withdraw(alice, 10n);
  await recorder.whole("withdraw-flat", desk.withdraw(alice, 10n));
  await desk.trade(alice, bob);
  await desk.setPrice(3_001n);
  await recorder.whole("withdraw-secured", desk.withdraw(alice, 10n));
  await desk.setPrice(3_000n);
}
