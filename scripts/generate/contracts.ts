import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import { GenerateError } from "./GenerateError.ts";

/** A contract whose slots, events and errors the keeper knows. */
export interface GeneratedContract {
  readonly name: string;
  /** Source file, as Hardhat names it. */
  readonly source: string;
  /** Whether its storage is replayed from its events, so that every variable needs a reducer. */
  readonly isBook: boolean;
}

/** The price feeds that the keeper watches: only their event matters. */
const FEED = "AggregatorV3Interface";

/**
 * Every contract that `generate.ts` writes a module for: the book set, and the feeds. Each stands in the one file under
 * `contracts/` that has its name; throws {@link GenerateError} when there is none, or more than one.
 */
export function listContracts(root: string): GeneratedContract[] {
  const files = readdirSync(join(root, "contracts"), { recursive: true, encoding: "utf8" });
  return [...BOOK_NAMES, FEED].map((name) => {
    const [path, other] = files.filter((file) => basename(file) === `${name}.sol`).sort();
    if (path === undefined) throw new GenerateError(`${name}: contracts/ has no ${name}.sol`);
    if (other !== undefined) throw new GenerateError(`${name}: both contracts/${path} and contracts/${other} have it`);
    return { name, source: `contracts/${path}`, isBook: name !== FEED };
  });
}
