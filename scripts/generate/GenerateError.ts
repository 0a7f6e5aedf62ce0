/** The generator cannot make correct code from what the compiler says; the message names the contract and the cause. */
export class GenerateError extends Error {
  override readonly name = "GenerateError";
}
