import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

/** Of the repository, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A block of code between fences. */
export interface CodeBlock {
  /** What stands behind the opening fence; empty for commands and for what is printed. */
  readonly language: string;
  readonly code: string;
  /** What the block is a sample of: `<!-- sample: name -->` stands before it. Null where it is none. */
  readonly sample: string | null;
}

/** Every document, by its path in the repository. */
export function documents(): ReadonlyMap<string, string> {
  const paths = globSync(["*.md", "docs/**/*.md"], { cwd: ROOT }).sort();
  return new Map(paths.map((path) => [path, readDocument(path)]));
}

/** A document's text, by its path in the repository. */
export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The blocks of code of a document, in their order. */
export function codeBlocks(document: string): CodeBlock[] {
  const blocks = document.matchAll(/^(?:<!-- sample: ([\w-]+) -->\n\n)?[ ]*```(\w*)\n([^]*?)^[ ]*```$/gm);
  return [...blocks].map(([, sample, language = "", code = ""]) => ({ language, code, sample: sample ?? null }));
}

/** The sample of a document with a name. */
export function sampleOf(document: string, name: string): string {
  const found = codeBlocks(document).find(({ sample }) => sample === name);
  if (found === undefined) throw new Error(`there is no sample ${name}`);
  return found.code;
}

/** The lines of blocks without a language, and what is code between single marks, that begin with a program. */
export function commandLines(document: string, programs: readonly string[]): string[] {
  const lines = codeBlocks(document)
    .filter(({ language, sample }) => language === "" && sample === null)
    .flatMap(({ code }) => code.replaceAll(/\\\n\s*/g, " ").split("\n"));
  return lines.map((line) => line.trim()).filter((line) => programs.some((program) => line.startsWith(`${program} `)));
}

/** The anchors that a document's headings make, as GitHub names them. */
export function anchorsOf(document: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, title = ""] of withoutBlocks(document).matchAll(/^#+ (.+)$/gm)) {
    const text = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("\\", "");
    const anchor = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
      .replaceAll(" ", "-");
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** A link to something in the repository. */
export interface RelativeLink {
  /** The target's path in the repository. */
  readonly path: string;
  readonly anchor: string | null;
}

/** Links and images of a document that do not lead to another host. */
export function relativeLinks(path: string, document: string): RelativeLink[] {
  const links = withoutCode(document).matchAll(/\]\(([^)\s]+)\)/g);
  return [...links]
    .map(([, target = ""]) => target)
    .filter((target) => !/^(?:\w+:|\/\/)/.test(target))
    .map((target) => {
      const [file = "", anchor] = target.split("#");
      return { path: file === "" ? path : normalize(join(dirname(path), file)), anchor: anchor ?? null };
    });
}

function withoutBlocks(document: string): string {
  return document.replaceAll(/^[ ]*```[^]*?^[ ]*```$/gm, "");
}

/** The text without what is code. */
function withoutCode(document: string): string {
  return withoutBlocks(document).replaceAll(/`[^`\n]+`/g, "`");
}

/** A text in which everything that differs from run to run is the same. */
export function shapeOf(text: string): string {
  return text
    .replaceAll(/0x[0-9a-f]+…?/g, "0x")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "0")
    .replaceAll(/\d+(?:[.,]\d+)*/g, "0")
    .replaceAll(/\b(event)s?\b/g, "$1")
    .replaceAll(/ +/g, " ")
    .trim();
}

/** Each line of a sample is among those that were printed, up to hashes and numbers. */
export function expectPrinted(sample: string, printed: string): void {
  const shapes = new Set(printed.split("\n").map(shapeOf));
  const lines = sample.split("\n").filter((line) => line.trim() !== "");
  expect(
    lines.filter((line) => !shapes.has(shapeOf(line))),
    `not printed:\n${printed}`,
  ).to.deep.equal([]);
}
