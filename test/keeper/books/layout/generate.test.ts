import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";
import { id } from "ethers";

import { BOOK_NAMES } from "../../../../keeper/domain/bookSet.ts";
import { checkEventNames, type EventNamesInput } from "../../../../scripts/generate/checkEventNames.ts";
import { checkLayoutCoverage } from "../../../../scripts/generate/checkLayoutCoverage.ts";
import { listContracts } from "../../../../scripts/generate/contracts.ts";
import { findHiddenStorage } from "../../../../scripts/generate/findHiddenStorage.ts";
import { GenerateError } from "../../../../scripts/generate/GenerateError.ts";
import { generateModule } from "../../../../scripts/generate/generateModule.ts";
import { runGenerate } from "../../../../scripts/generate/runGenerate.ts";
import { compileLayoutSample, compileSource } from "../../../fixtures/layout/compileSource.ts";
import { ERROR_SELECTORS } from "../../../fixtures/layout/LayoutSample.ts";
import { generateSample, SAMPLE_MODULES } from "../../../fixtures/layout/sampleModules.ts";

const PRAGMA = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n";

describe("generateModule", () => {
  it("makes the committed module of each sample (else: node scripts/generate/writeSamples.ts)", async () => {
    for (const sample of SAMPLE_MODULES) {
      expect(await generateSample(sample), sample.path).to.equal(readFileSync(sample.path, "utf8"));
    }
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
    [
      "events that differ in the case of their first letter",
      "event moved(); event Moved();",
      /moved and Moved have one/,
    ],
    [
      "an event with the name of the contract",
      "event A(uint256 b);",
      /^A: the event A and any event of A have one name/,
    ],
    ["parameters of one name in TypeScript", "event E(uint8 name, uint8 name_);", /^A\.E: two parameters .* name_$/],
    ["a parameter with the name of a nameless one", "event E(uint8, uint8 arg0);", /^A\.E: two parameters .* arg0$/],
    ["dynamic data inside an array", "event E(string[] a);", /^A\.E\.a: dynamic data/],
    ["a dynamic array inside a dynamic one of an event", "event E(uint8[][] a);", /^A\.E\.a: dynamic data/],
    ["a dynamic array inside a fixed one of an event", "event E(uint8[][2] a);", /^A\.E\.a: dynamic data/],
    ["dynamic data inside a struct", "struct S { bytes b; } event E(S a);", /^A\.E\.a\.b: dynamic data/],
    ["dynamic data inside an array of structs", "struct S { uint8[] b; } event E(S[] a);", /^A\.E\.a\.b: dynamic data/],
    ["a fixed-point number in an event", "event E(fixed128x18 a);", /^A\.E\.a: unknown type fixed128x18$/],
    ["a fixed-point variable", "fixed128x18 a;", /^A\.a: cannot read a fixed128x18$/],
    ["a fixed-point value of a mapping", "mapping(uint8 => ufixed64x2) a;", /^A\.a: cannot read a ufixed64x2$/],
    ["a fixed-point field", "struct S { uint8 b; fixed8x1[] c; } S[] a;", /^A\.a\.c: cannot read a fixed8x1$/],
    ["an internal function", "function(uint256) internal a;", /^A\.a: a function \(uint256\) is a place in the code/],
    ["an array of internal functions", "function() internal[3] a;", /^A\.a: a function \(\) is a place in the code/],
    [
      "a struct that contains itself in a mapping",
      "struct S { mapping(uint8 => S) s; } S a;",
      /^A\.a\.s: struct A\.S con/,
    ],
    [
      "a struct that contains itself in an array",
      "struct S { S[] s; } S a;",
      /^A\.a\.s\.at: struct A\.S contains itself$/,
    ],
    ["labels that differ in underscores only", "uint256 a; uint256 _a;", /^A: two members are called a without/],
    ["a label that a packed word has", "uint8 a; uint8 b; uint256 word0;", /^A: two members are called word0 without/],
    [
      "fields that differ in underscores only",
      "struct S { uint8 a; uint8 a_; } S s;",
      /^A\.s: two fields have the same name/,
    ],
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

  it("refuses two storage types of one name", () => {
    const { facts } = compileSource(
      "A",
      `${PRAGMA}contract A { struct S { uint8 a; } struct T { uint8 b; } S s; T t; }`,
    );
    const storageLayout = JSON.parse(
      JSON.stringify(facts.storageLayout).replace("struct A.T", "struct A.S"),
    ) as unknown;
    const twins = { ...facts, storageLayout: storageLayout as typeof facts.storageLayout };
    expect(() => generateModule(twins)).to.throw(GenerateError, /^A\.t: two storage types are called "struct A\.S"/);
  });

  it("calls a key that has the name of what its slot is computed with something else", () => {
    const { facts } = compileSource("A", `${PRAGMA}contract A { mapping(uint8 uintSlot => uint256) a; }`);
    expect(generateModule(facts)).to.include('slot: (uintSlotKey: bigint): Hash => uintSlot("a[uintSlotKey]"');
  });

  it("calls the decoder of an event as the event is called, underscores included", () => {
    const { facts } = compileSource("A", `${PRAGMA}contract A { event my_event(uint256 a); }`);
    expect(generateModule(facts)).to.match(/export function (decodeMy_event)\(log[^]*: return \1\(log\);/);
  });
});

describe("listContracts", () => {
  let root: string;
  const write = (path: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "");
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "contracts-"));
    for (const name of [...BOOK_NAMES, "AggregatorV3Interface"]) write(`contracts/any/${name}.sol`);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("finds the files of exactly the book contracts, and of the feeds", () => {
    const books = BOOK_NAMES.map((name) => ({ name, source: `contracts/any/${name}.sol`, isBook: true }));
    const feed = { name: "AggregatorV3Interface", source: "contracts/any/AggregatorV3Interface.sol", isBook: false };
    expect(listContracts(root)).to.deep.equal([...books, feed]);
  });

  it("names a contract that has no file, or two", () => {
    write("contracts/other/SyncGuard.sol");
    expect(() => listContracts(root)).to.throw(GenerateError, /^SyncGuard: both contracts\/any\/SyncGuard\.sol and/);
    for (const folder of ["any", "other"]) rmSync(join(root, `contracts/${folder}/SyncGuard.sol`));
    expect(() => listContracts(root)).to.throw(GenerateError, /^SyncGuard: contracts\/ has no SyncGuard\.sol$/);
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

describe("checkEventNames", () => {
  const abiOf = (event: string): EventNamesInput["abi"] =>
    compileSource("A", `${PRAGMA}contract A { event ${event}; }`).facts.abi;
  const check = (first: string, second: string): string[] =>
    checkEventNames([
      { contract: "A", abi: abiOf(first) },
      { contract: "B", abi: abiOf(second) },
    ]);

  it("is content with one event in two contracts, and with other names", () => {
    expect(check("E(uint8 indexed a)", "E(uint8 indexed a)")).to.deep.equal([]);
    expect(check("E(uint8 a)", "F(uint16 a)")).to.deep.equal([]);
  });

  for (const other of ["E(uint16 a)", "E(uint8 b)", "E(uint8 indexed a)"]) {
    it(`names two contracts with E(uint8 a) and ${other}`, () => {
      expect(check("E(uint8 a)", other)).to.deep.equal(["B.E is another event in A; rename one"]);
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
