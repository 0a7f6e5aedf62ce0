import { expect } from "chai";
import { DeliveryQueue } from "../../../../keeper/alerts/plan/DeliveryQueue.ts";
import type { Notice } from "../../../../keeper/alerts/plan/Notice.ts";
import { notice } from "../notices.ts";

const critical = (id: string): Notice => notice({ id });
const incidentEnd = (id: string): Notice => notice({ id, level: "warning", isEnd: true });
const warning = (id: string): Notice => notice({ id, kind: "alert", level: "warning", key: `alert:${id}` });
const reminder = (id: string, key = "k"): Notice => notice({ id, key, reminder: 1 });

function fill(queue: DeliveryQueue, notices: readonly Notice[]): string[] {
  return notices.flatMap((item) => queue.push(item)).map(({ notice: { id }, outcome }) => `${id} ${outcome}`);
}

function drain(queue: DeliveryQueue): string[] {
  const ids: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) ids.push(next.id);
  return ids;
}

describe("DeliveryQueue", () => {
  it("gives back in order", () => {
    const queue = new DeliveryQueue(3);
    expect(fill(queue, [critical("a"), warning("b"), critical("c")])).to.deep.equal([]);
    expect(drain(queue)).to.deep.equal(["a", "b", "c"]);
  });

  it("drops the oldest of what is least important: reminders, warnings, the rest of incidents, what is critical", () => {
    const queue = new DeliveryQueue(4);
    fill(queue, [critical("a"), warning("b"), incidentEnd("c"), reminder("d")]);
    const dropped = fill(queue, ["e", "f", "g", "h", "i"].map(critical));
    expect(dropped).to.deep.equal(["d dropped", "b dropped", "c dropped", "a dropped", "e dropped"]);
    expect(drain(queue)).to.deep.equal(["f", "g", "h", "i"]);
  });

  it("drops what comes last when all that waits is more important", () => {
    const queue = new DeliveryQueue(2);
    expect(fill(queue, [critical("a"), critical("b"), warning("c")])).to.deep.equal(["c dropped"]);
    expect(drain(queue)).to.deep.equal(["a", "b"]);
  });

  it("lets a reminder take the place of an older one of its key, and of nothing else", () => {
    const queue = new DeliveryQueue(9);
    const first = notice({ id: "a", key: "k" });
    const removed = fill(queue, [first, reminder("b"), reminder("c", "other"), reminder("d")]);
    expect(removed).to.deep.equal(["b superseded"]);
    expect(drain(queue)).to.deep.equal(["a", "c", "d"]);
  });

  it("puts back what could not be sent in front, within the bound", () => {
    const queue = new DeliveryQueue(2);
    fill(queue, [critical("a"), critical("b")]);
    const first = queue.shift()!;
    fill(queue, [warning("c")]);
    expect(queue.unshift(first).map(({ notice: { id } }) => id)).to.deep.equal(["c"]);
    expect(drain(queue)).to.deep.equal(["a", "b"]);
  });
});
