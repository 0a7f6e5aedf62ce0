import { MAX_RUNTIME_BYTES, readSizes } from "./sizes/readSizes.ts";

/** Prints the runtime size of every contract that is deployed; ends with 1 when one is above the limit (EIP-170). */
const sizes = await readSizes();
for (const { contract, bytes } of sizes) {
  const left = MAX_RUNTIME_BYTES - bytes;
  const room = left < 0 ? `${-left} too many` : `${left} left`;
  process.stdout.write(`${contract.padEnd(24)} ${bytes.toString().padStart(6)} of ${MAX_RUNTIME_BYTES}, ${room}\n`);
}
process.exitCode = sizes.some(({ bytes }) => bytes > MAX_RUNTIME_BYTES) ? 1 : 0;
