import { expect } from "chai";
import type { EventFragment, Interface, ParamType } from "ethers";

import { AGGREGATOR, EVENTS } from "../../../../keeper/books/naive/events.ts";
import { plainEventsOf, readPlainEvent } from "../../../../keeper/books/naive/plainEvents.ts";
import type { VerifiedLog } from "../../../../keeper/domain/VerifiedLog.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";

const SEED = Number(process.env["SEED"] ?? 7);
const ROUNDS = 24;
const INTERFACES = [...Object.values(EVENTS), AGGREGATOR];
const PLAIN = new Map(INTERFACES.map((events) => [events, plainEventsOf(events)]));

function drawValue({ type }: ParamType, random: SeededRandom): unknown {
  const [, kind, bits] = /^(uint|int)(\d+)$/.exec(type) ?? [];
  if (kind === "uint") return random.uint(Number(bits));
  if (kind === "int") return random.int(Number(bits));
  if (type === "bool") return random.bool();
  return random.hex(type === "address" ? 20 : 32);
}

function logOf(topics: readonly string[], data: string): VerifiedLog {
  const place = { transactionHash: "0x", transactionIndex: 0, logIndex: 0, logPositionInTransaction: 0 } as const;
  return { address: "0x", topics: topics as Hash[], data: data as Hex, ...place };
}

/** What ethers reads where it encodes back to the same log; every value as lower-case text. */
function readByEthers(events: Interface, log: VerifiedLog): Record<string, string> | undefined {
  try {
    const parsed = events.parseLog(log);
    if (parsed === null) return undefined;
    const again = events.encodeEventLog(parsed.fragment, parsed.args);
    if (again.data !== log.data || again.topics.join() !== log.topics.join()) return undefined;
    const { inputs } = parsed.fragment;
    return Object.fromEntries(inputs.map(({ name }) => [name, String(parsed.args.getValue(name)).toLowerCase()]));
  } catch {
    return undefined;
  }
}

function readPlainly(events: Interface, fragment: EventFragment, log: VerifiedLog): Record<string, string> | undefined {
  const fields = readPlainEvent(PLAIN.get(events)!.get(fragment.topicHash)!, log);
  if (fields === undefined) return undefined;
  return Object.fromEntries(fragment.inputs.map(({ name }) => [name, String(fields.getValue(name))]));
}

/** The log with a digit changed, or with words missing, too many, or half of one. */
function spoil({ topics, data }: VerifiedLog, random: SeededRandom): VerifiedLog {
  const change = (text: string): string => {
    const at = 2 + random.below(text.length - 2);
    return `${text.slice(0, at)}${random.below(16).toString(16)}${text.slice(at + 1)}`;
  };
  const which = random.below(6);
  if (which === 0) return logOf(topics.slice(0, -1), data);
  if (which === 1) return logOf([...topics, `0x${"00".repeat(32)}`], data);
  if (which === 2) return logOf(topics, `${data}${"00".repeat(32)}`);
  if (which === 3 && data.length > 2) return logOf(topics, data.slice(0, -2));
  if (which === 4 && topics.length > 1) return logOf([topics[0]!, ...topics.slice(1).map(change)], data);
  return logOf(topics, data.length > 2 ? change(data) : data);
}

describe(`readPlainEvent (seed ${SEED})`, function () {
  this.timeout(60_000);

  it("reads every event of values as ethers does, and refuses what ethers refuses or does not encode back", () => {
    const random = new SeededRandom(SEED);
    let [read, refused, names] = [0, 0, 0];
    for (const events of INTERFACES) {
      events.forEachEvent((fragment) => {
        if (PLAIN.get(events)!.get(fragment.topicHash) === null) return;
        names += 1;
        for (let round = 0; round < ROUNDS; round += 1) {
          const values = fragment.inputs.map((input) => drawValue(input, random));
          const { topics, data } = events.encodeEventLog(fragment, values);
          const sound = logOf(topics, data);
          const log = round % 2 === 0 ? sound : spoil(sound, random);
          const expected = readByEthers(events, log);
          if (expected === undefined) refused += 1;
          else read += 1;
          expect(readPlainly(events, fragment, log), `${fragment.name} ${log.topics.join()} ${log.data}`).to.deep.equal(
            expected,
          );
        }
      });
    }
    expect(names).to.be.greaterThan(60);
    expect(refused).to.be.greaterThan(300);
    expect(read).to.be.greaterThan(names * (ROUNDS / 2) - 1);
  });

  it("leaves events with lists and structs to ethers", () => {
    const composed = INTERFACES.flatMap((events) => {
      return [...plainEventsOf(events)]
        .filter(([, plain]) => plain === null)
        .map(([topic]) => events.getEvent(topic)?.name);
    });
    expect(composed.sort()).to.deep.equal([
      ...["BookSetChanged", "BooksAccepted", "CheckpointPosted", "InstrumentSet", "KeeperSetChanged"],
    ]);
  });
});
