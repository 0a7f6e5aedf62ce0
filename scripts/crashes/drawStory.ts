import { SeededRandom } from "../local/SeededRandom.ts";
import { POINTS, type Point, type Weather } from "./points.ts";

/** One kill, and what happens before the keeper is started again. */
export interface Kill {
  readonly point: Point;
  /** Milliseconds after the divergence, for a kill at any moment. */
  readonly afterMs: number;
  /** The node forgets what it has not mined. */
  readonly dropsMempool: boolean;
  /** Blocks that are mined while the keeper is dead. */
  readonly blocksMeanwhile: number;
}

/** What happens in one run. The same seed and number make the same story; when answers arrive is up to the machine. */
export interface Story {
  readonly seed: number;
  readonly index: number;
  readonly weather: Weather;
  /** By keeper, in their order. */
  readonly kills: readonly (readonly Kill[])[];
  readonly blockMs: number;
  /** Of the word that is tampered. */
  readonly account: bigint;
  readonly value: bigint;
}

const WEATHERS: readonly Weather[] = ["calm", "held", "fees", "swallowed"];
const MAX_KILLS = 3;
const GOLDEN = 0.618;
const PASSED = /^(effect|contained|restart|answers|outside)/;

/** The points that come first and those that come after a restart go through the whole list, whatever the seed. */
export function drawStory(seed: number, index: number, keepers: number): Story {
  const random = new SeededRandom(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b));
  const first = nth(
    POINTS.filter(({ only }) => only !== "restarted"),
    index,
  );
  const weather = random.pick(first.weathers ?? WEATHERS);
  const fits = ({ only, weathers }: Point): boolean => only !== "first" && (weathers?.includes(weather) ?? true);
  const later = POINTS.filter(fits);
  const kills: Kill[][] = [[draw(random, first), draw(random, nth(later, 7 + index))]];
  const count = Math.floor(random.between(1, MAX_KILLS + 1));
  const isShort = random.next() < 0.25;
  if (isShort) kills[0]?.pop();
  else if (count === MAX_KILLS) kills[0]?.push(draw(random, random.pick(later)));
  for (let keeper = 1; keeper < keepers; keeper += 1) {
    const points = POINTS.filter(({ only, weathers }) => only !== "restarted" && (weathers?.includes(weather) ?? true));
    kills.push([draw(random, random.pick(points)), draw(random, random.pick(later))]);
  }
  return {
    ...{ seed, index, weather, kills, blockMs: Math.round(random.between(30, 120)) },
    ...{ account: 1n + random.word(), value: 1n + (random.word() >> 8n) },
  };
}

function draw(random: SeededRandom, point: Point): Kill {
  // Whoever is killed next is to have something left to do.
  const dropsMempool = random.next() < (PASSED.test(point.name) ? 0.3 : 0.6);
  const afterMs = Math.round(random.between(0, 300));
  return { point, afterMs, dropsMempool, blocksMeanwhile: Math.floor(random.between(0, 3)) };
}

/** Goes through all of them, neighbours in the list far apart in time. */
function nth(points: readonly Point[], at: number): Point {
  let stride = Math.ceil(points.length * GOLDEN);
  while (divisorOf(stride, points.length) !== 1) stride += 1;
  const point = points[(at * stride) % points.length];
  if (point === undefined) throw new Error("no points");
  return point;
}

function divisorOf(one: number, other: number): number {
  return other === 0 ? one : divisorOf(other, one % other);
}

/** One line for people, with what makes it again. */
export function describeStory({ seed, index, weather, kills, blockMs }: Story): string {
  const lives = kills.map((list) =>
    list
      .map(({ point, dropsMempool, blocksMeanwhile }) => {
        return `"${point.name}"${dropsMempool ? ", mempool dropped" : ""}, ${blocksMeanwhile} blocks`;
      })
      .join("; "),
  );
  return `--seed ${seed} --first ${index} --runs 1 [${weather}, a block each ${blockMs} ms] ${lives.join(" | ")}`;
}
