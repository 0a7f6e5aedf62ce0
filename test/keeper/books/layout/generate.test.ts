import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";
import { id } from "ethers";

import { BOOK_NAMES } from "../../../../keeper/domain/bookSet.ts";
import { checkLayoutCoverage } from "../../../../scripts/generate/checkLayoutCoverage.ts";
import { CONTRACTS } from "../../../../scripts/generate/contracts.ts";
import { findHiddenStorage } from "../../../../scripts/generate/findHiddenStorage.ts";
import { GenerateError } from "../../../../scripts/generate/GenerateError.ts";
import { generateModule } from "../../../../scripts/generate/generateModule.ts";
import { runGenerate } from "../../../../scripts/generate/runGenerate.ts";
import { compileLayoutSample, compileSource } from "../../../fixtures/layout/compileSource.ts";
import { ERROR_SELECTORS } from "../../../fixtures/layout/LayoutSample.ts";
import { LAYOUT_SAMPLE_PATH, layoutSampleModule } from "../../../fixtures/layout/layoutSampleModule.ts";

const PRAGMA = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n";

describe("generateModule", () => {
  it("makes the committed module of the sample (else: node scripts/generate/writeLayoutSample.ts)", async () => {
    expect(await layoutSampleModule()).to.equal(readFileSync(LAYOUT_SAMPLE_PATH, "utf8"));
  });

  it("does not depend on compiler ids, which every unrelated edit changes", () => {
    const body = "type Id is uint64; contract A { struct S { Id id; } mapping(Id => S) s; event E(Id id); error F(); }";
    const other = `contract Unrelated { uint256 a; struct T { uint8 b; } T t; } ${body}`;
    const module = generateModule(compileSource("A", PRAGMA + body).facts);
    expect(generateModule(compileSource("A", PRAGMA + other).facts)).to.equal(module);
  });

  it("names errors by their selectors", () => {
    const signatures = {
      SampleRefused: "SampleRefused(uint256)",
      SampleShaped: "SampleShaped((uint64,bool),bytes32[])",
    };
    const expected = Object.entries(signatures).map(([name, signature]) => [id(signature).slice(0, 10), name]);
    expect(ERROR_SELECTORS).to.deep.equal(Object.fromEntries(expected));
  });

  const refusals: readonly [string, string, RegExp][] = [
    ["an anonymous event", "event E(uint256 a) anonymous; function f() external { emit E(1); }", /anonymous/],
    ["events of one name", "event E(uint256 a); event E(uint8 a);", /two events are called E/],
    ["dynamic data inside an array", "event E(string[] a);", /A\.E\.a: dynamic data/],
    ["dynamic data inside a struct", "struct S { bytes b; } event E(S a);", /A\.E\.a\.b: dynamic data|A\.E\.a/],
    ["a struct that contains itself", "struct S { mapping(uint8 => S) s; } S s;", /contains itself/],
    ["labels that differ in underscores only", "uint256 a; uint256 _a;", /called a without/],
    ["fields that differ in underscores only", "struct S { uint8 a; uint8 a_; } S s;", /same name without/],
  ];
  for (const [what, body, message] of refusals) {
    it(`refuses ${what}`, () => {
      const { facts } = compileSource("A", `${PRAGMA}contract A { ${body} }`);
      expect(() => generateModule(facts)).to.throw(GenerateError, message);
    });
  }

  it("refuses private variables of one name in two bases", () => {
    const { facts } = compileSource("A", `${PRAGMA}contract B { uint256 private a; } contract A is B { uint256 a; }`);
    expect(() => generateModule(facts)).to.throw(GenerateError, /two storage variables are called a/);
  });
});

describe("CONTRACTS", () => {
  it("has exactly the book contracts, and the feeds", () => {
    const books = CONTRACTS.filter(({ isBook }) => isBook).map(({ name }) => name);
    expect(books.sort()).to.deep.equal([...BOOK_NAMES].sort());
  });
});

describe("checkLayoutCoverage", () => {
  it("is content when exactly the variables are mapped", () => {
    expect(checkLayoutCoverage([{ contract: "A", variables: ["x", "y"], mapped: ["y", "x"] }])).to.deep.equal([]);
  });

  const cases: readonly [string, readonly string[] | null, RegExp][] = [
    ["an unmapped variable", ["x"], /^A\.y is in storage, but not in MAPPED_VARIABLES/],
    ["a vanished variable", ["x", "y", "gone"], /^A\.gone is in MAPPED_VARIABLES .* but no storage variable/],
    ["a variable mapped twice", ["x", "y", "y"], /^A\.y .* twice/],
    ["a missing reducer", null, /reducers\/A\.ts is missing/],
  ];
  for (const [what, mapped, message] of cases) {
    it(`names ${what}`, () => {
      const problems = checkLayoutCoverage([{ contract: "A", variables: ["x", "y"], mapped }]);
      expect(problems).to.have.lengthOf(1);
      expect(problems[0]).to.match(message);
    });
  }
});

describe("findHiddenStorage", () => {
  const find = (source: string): string[] => {
    const { facts } = compileSource("A", PRAGMA + source);
    return findHiddenStorage("A", facts.source, facts.asts);
  };

  it("finds nothing in a contract of plain variables and transient writes", () => {
    expect(find("contract A { uint256 a; function f() external { a = 1; assembly { tstore(0, 1) } } }")).to.deep.equal(
      [],
    );
    const { facts } = compileLayoutSample();
    expect(findHiddenStorage("LayoutSample", facts.source, facts.asts)).to.deep.equal([]);
  });

  it("finds sstore, also in a base", () => {
    const base = "contract B { function f() external { assembly { sstore(7, 1) } } }";
    expect(find(`${base} contract A is B {}`)).to.deep.equal([
      "A: B writes storage by sstore, past the storage layout",
    ]);
  });

  it("finds a storage pointer set by hand", () => {
    const body = "struct S { uint256 v; } function g() private pure returns (S storage s) { assembly { s.slot := 9 } }";
    expect(find(`contract A { ${body} function f() external { g().v = 1; } }`)).to.deep.equal([
      "A: A sets a storage pointer by hand",
    ]);
  });
});

describe("runGenerate", () => {
  const source = "contracts/A.sol";
  const contracts = [{ name: "A", source, isBook: true }];
  const output = "keeper/books/generated/A.ts";
  let root: string;

  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const build = (content: string): void => {
    const { facts } = compileSource("A", PRAGMA + content, source);
    const [ast] = facts.asts;
    const contract = { [source]: { A: { storageLayout: facts.storageLayout } } };
    const artifact = { abi: facts.abi, inputSourceName: source, buildInfoId: "build" };
    write(`artifacts/${source}/A.json`, JSON.stringify(artifact));
    write(
      "artifacts/build-info/build.output.json",
      JSON.stringify({ output: { sources: { [source]: { ast } }, contracts: contract } }),
    );
  };
  const reducer = (variables: readonly string[]): void =>
    write("keeper/books/reducers/A.ts", `export const MAPPED_VARIABLES = ${JSON.stringify(variables)};`);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "generate-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("asks for a build when there are no artifacts", async () => {
    const error = await runGenerate({ root, isCheck: true, contracts }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(GenerateError);
    expect((error as Error).message).to.match(/run npx hardhat build first/);
  });

  it("writes once, and is then content", async () => {
    build("contract A { uint256 a; }");
    reducer(["a"]);
    expect((await runGenerate({ root, isCheck: false, contracts })).written).to.deep.equal([output]);
    expect((await runGenerate({ root, isCheck: false, contracts })).written).to.deep.equal([]);
    const check = await runGenerate({ root, isCheck: true, contracts });
    expect(check).to.deep.equal({ written: [], stale: [], problems: [] });
  });

  it("names stale, missing and foreign files when checking, and writes nothing", async () => {
    build("contract A { uint256 a; }");
    reducer(["a"]);
    expect((await runGenerate({ root, isCheck: true, contracts })).stale).to.deep.equal([output]);
    await runGenerate({ root, isCheck: false, contracts });
    const before = readFileSync(join(root, output), "utf8");
    build("contract A { uint128 a; }");
    write("keeper/books/generated/Gone.ts", "");
    const { stale, written } = await runGenerate({ root, isCheck: true, contracts });
    expect(stale).to.deep.equal([output, "keeper/books/generated/Gone.ts"]);
    expect(written).to.deep.equal([]);
    expect(readFileSync(join(root, output), "utf8")).to.equal(before);
  });

  it("names variables without a reducer and hidden storage when checking", async () => {
    build("contract A { uint256 a; uint256 b; function f() external { assembly { sstore(7, 1) } } }");
    reducer(["a"]);
    const { problems } = await runGenerate({ root, isCheck: true, contracts });
    expect(problems).to.have.lengthOf(2);
    expect(problems.join())
      .to.match(/A writes storage by sstore/)
      .and.to.match(/A\.b is in storage/);
  });
});
