import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ArtifactReader } from "./ArtifactReader.ts";
import { buildLayout } from "./buildLayout.ts";
import { checkEventNames, type EventNamesInput } from "./checkEventNames.ts";
import { checkLayoutCoverage, type LayoutCoverageInput } from "./checkLayoutCoverage.ts";
import { listContracts, type GeneratedContract } from "./contracts.ts";
import { findHiddenStorage } from "./findHiddenStorage.ts";
import { formatModule } from "./formatModule.ts";
import { generateModule } from "./generateModule.ts";
import { readMappedVariables } from "./readMappedVariables.ts";

/** What {@link runGenerate} did and found. */
export interface GenerateResult {
  /** Files written, relative to the project's folder. */
  readonly written: readonly string[];
  /** With `isCheck`: files whose content is not what the contracts say, or that no contract has any more. */
  readonly stale: readonly string[];
  /** With `isCheck`: variables without a reducer, storage outside the layout, and events of one name that differ. */
  readonly problems: readonly string[];
}

const OUTPUT = "keeper/books/generated";

/**
 * Writes the module of every contract of the list; with `isCheck` writes nothing and compares.
 * Throws {@link GenerateError} when the contracts are not compiled or use something that has no generated form.
 */
export async function runGenerate(options: {
  root: string;
  isCheck: boolean;
  contracts?: readonly GeneratedContract[];
}): Promise<GenerateResult> {
  const { root, isCheck, contracts = listContracts(root) } = options;
  const reader = new ArtifactReader(root);
  const written: string[] = [];
  const stale: string[] = [];
  const coverage: LayoutCoverageInput[] = [];
  const events: EventNamesInput[] = [];
  const problems: string[] = [];

  for (const { name, source, isBook } of contracts) {
    const facts = reader.read(name, source);
    const path = `${OUTPUT}/${name}.ts`;
    const content = await formatModule(generateModule(facts), join(root, path));
    const isSame = existsSync(join(root, path)) && readFileSync(join(root, path), "utf8") === content;
    if (!isSame) (isCheck ? stale : written).push(path);
    if (!isSame && !isCheck) {
      mkdirSync(join(root, OUTPUT), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    if (!isCheck || !isBook) continue;
    const variables = buildLayout(facts).variables.map(({ label }) => label);
    events.push({ contract: name, abi: facts.abi });
    coverage.push({ contract: name, variables, mapped: await readMappedVariables(root, name) });
    problems.push(...findHiddenStorage(name, source, facts.asts));
  }
  if (isCheck) stale.push(...strangers(root, contracts));
  problems.push(...checkLayoutCoverage(coverage), ...checkEventNames(events));
  return { written, stale, problems };
}

/** Generated files that belong to no contract of the list. */
function strangers(root: string, contracts: readonly GeneratedContract[]): string[] {
  const folder = join(root, OUTPUT);
  const expected = new Set(contracts.map(({ name }) => `${name}.ts`));
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.filter((file) => file.endsWith(".ts") && !expected.has(file)).map((file) => `${OUTPUT}/${file}`);
}
