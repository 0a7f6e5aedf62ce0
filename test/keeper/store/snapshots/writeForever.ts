import type { Section } from "../../../../keeper/store/snapshots/snapshotFormat.ts";
import { SnapshotStore } from "../../../../keeper/store/snapshots/SnapshotStore.ts";

/**
 * Writes one snapshot after another into a directory until it is killed: `node writeForever.ts <directory>`. Tells the number of
 * each on its output, once it is durable.
 */
const [directory = ""] = process.argv.slice(2);
const store = await SnapshotStore.open(directory);
const [newest] = await store.list();

function* sectionsOf(number: number): Generator<Section> {
  for (let piece = 0; piece < 40; piece += 1) {
    yield { kind: 1 + piece, bytes: Buffer.alloc(20_000, (number + piece) % 251) };
  }
}

process.stdout.write("open\n");
for (let number = (newest?.number ?? 0) + 1; ; number += 1) {
  await store.write(number, sectionsOf(number));
  process.stdout.write(`${number}\n`);
}
