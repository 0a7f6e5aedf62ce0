import { existsSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { createProgram } from "../../keeper/commands/createProgram.ts";
import manifest from "../../package.json" with { type: "json" };
import { SCENARIOS } from "../../scripts/drills/catalogue.ts";
import { CONTEXT } from "../helpers/commandContext.ts";
import { objectionTo, wordsOf } from "../ops/commandLine.ts";
import { anchorsOf, codeBlocks, commandLines, documents, readDocument, relativeLinks, ROOT } from "./documents.ts";

/** How the program is called in documents. */
const CALLS = [
  /^(?:npm run (?:--silent )?lockstep --|npx lockstep|lockstep|node keeper\/main\.ts)\s+(.*)$/,
  /^npm start -- (.*)$/,
  /^npm run keeper -- (.*)$/,
] as const;
const BEFORE = ["", "up ", "run "] as const;
/** What else stands in blocks without a language: a line that begins so is a command. */
const PROGRAMS = ["npm", "npx", "node", "lockstep", "cp", "curl", "docker", "promtool"];
/** Made by commands that the documents name, or on the reader's machine. */
const MADE = /^(?:dist|deploy\/deployments|artifacts|types|coverage)\//;

const texts = documents();
const program = createProgram(CONTEXT, () => undefined);

/** Every command of every document, with the document's path. */
function commands(): { readonly path: string; readonly line: string }[] {
  return [...texts].flatMap(([path, text]) => {
    const spans = [...text.matchAll(/`((?:npm|npx|node|lockstep) [^`\n]+)`/g)].map(([, line = ""]) => line);
    return [...commandLines(text, PROGRAMS), ...spans].map((line) => ({ path, line: withoutRemark(line) }));
  });
}

/** README says behind a command what it is. */
function withoutRemark(line: string): string {
  return line
    .replace(/ {4,}.*$/, "")
    .replace(/ +#.*$/, "")
    .replace(/ [|&<>]+ .*$/, "")
    .trim();
}

/** The arguments that the program is given by a line; null for another program's. */
function argumentsOf(line: string): string[] | null {
  for (const [index, pattern] of CALLS.entries()) {
    const [, rest] = pattern.exec(line) ?? [];
    if (rest !== undefined) return wordsOf(`${BEFORE[index] ?? ""}${rest}`.replaceAll("'", '"'));
  }
  return null;
}

/** A line that describes a usage, with choices and what may be left out, is no command line. */
function isUsage(words: readonly string[]): boolean {
  return words.some((word) => /^\[|\]$|…|^\w+\|\w+/.test(word));
}

describe("The commands and links of the documents", () => {
  it("name commands and options that the program has", () => {
    const lines = commands().flatMap(({ path, line }) => {
      const words = argumentsOf(line);
      return words === null || isUsage(words) ? [] : [{ path, line, words }];
    });
    expect(lines.length).to.be.greaterThan(60);
    const refused = lines.map(({ path, line, words }) => ({ path, line, objection: objectionTo(program, words) }));
    // In the text a command stands for itself, without its arguments.
    const faults = refused.filter(
      ({ objection }) => objection !== null && !/ takes other arguments| needs /.test(objection),
    );
    expect(faults).to.deep.equal([]);
  });

  it("are whole in blocks that one can copy", () => {
    const faults = [...texts].flatMap(([path, text]) =>
      commandLines(text, PROGRAMS).flatMap((line) => {
        const words = argumentsOf(withoutRemark(line));
        const objection = words === null || isUsage(words) ? null : objectionTo(program, words);
        return objection === null ? [] : [{ path, line, objection }];
      }),
    );
    expect(faults).to.deep.equal([]);
  });

  it("name scripts that package.json has", () => {
    const scripts = commands().flatMap(({ path, line }) => {
      const [, script] = /^npm run (?:--silent )?([\w:]+)/.exec(line) ?? [];
      return script === undefined ? [] : [{ path, script }];
    });
    expect(scripts.length).to.be.greaterThan(30);
    expect(scripts.filter(({ script }) => !(script in manifest.scripts))).to.deep.equal([]);
  });

  it("name files of the repository that there are", () => {
    const files = commands().flatMap(({ path, line }) =>
      wordsOf(line)
        .filter((word) =>
          /^(?:\.env\.example|(?:keeper|scripts|deploy|test|ops|bench|docs|simulator)\/[\w./-]+)$/.test(word),
        )
        .map((file) => ({ path, file })),
    );
    expect(files.length).to.be.greaterThan(15);
    expect(files.filter(({ file }) => !MADE.test(file) && !existsSync(join(ROOT, file)))).to.deep.equal([]);
  });

  it("lead to documents and headings that there are", () => {
    const links = [...texts].flatMap(([path, text]) =>
      relativeLinks(path, text).map((link) => ({ from: path, ...link })),
    );
    expect(links.length).to.be.greaterThan(250);
    const broken = links.filter(({ path, anchor }) => {
      if (!existsSync(join(ROOT, path))) return true;
      return anchor !== null && path.endsWith(".md") && !anchorsOf(readDocument(path)).has(anchor);
    });
    expect(broken).to.deep.equal([]);
  });

  it("would not take what there is not", () => {
    for (const line of [
      "npm run --silent lockstep -- nonsense",
      "npm start -- --nonsense",
      "npx lockstep drill --nonsense",
    ]) {
      expect(objectionTo(program, argumentsOf(line) ?? []), line).to.be.a("string");
    }
    expect(argumentsOf("npm test")).to.equal(null);
    expect([...anchorsOf("# A b\n\n## `c` d: e\n\n## A b\n")]).to.deep.equal(["a-b", "c-d-e", "a-b-1"]);
  });
});

describe("README.md", () => {
  const README = readDocument("README.md");

  it("is short", () => {
    expect(README.split("\n").length).to.be.at.most(150);
  });

  it("says how many scenarios there are", () => {
    expect(Object.keys(SCENARIOS)).to.have.length(14);
    expect(README).to.include("fourteen scenarios");
    expect(readDocument("docs/getting-started.md")).to.include("fourteen scenarios");
  });

  it("leads to every document", () => {
    const linked = new Set(relativeLinks("README.md", README).map(({ path }) => path));
    const pages = [...texts.keys()].filter((path) => /^docs\/[^/]+\.md$/.test(path));
    expect(pages.filter((path) => !linked.has(path))).to.deep.equal([]);
  });

  it("names every folder of the tree in its structure", () => {
    const [structure] = codeBlocks(README.split("## Structure")[1] ?? "");
    const folders = [...(structure?.code ?? "").matchAll(/^(\w+)\//gm)].map(([, folder = ""]) => folder);
    expect(folders.filter((folder) => !existsSync(join(ROOT, folder)))).to.deep.equal([]);
    expect(folders).to.include.members(["contracts", "deploy", "keeper", "client", "dashboard", "testing", "docs"]);
  });
});
