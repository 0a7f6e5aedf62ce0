import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { PROJECT_ROOT } from "../../scripts/local/projectRoot.ts";
import { CONTRACT_TWINS } from "../../scripts/twins/contractTwins.ts";
import { KEEPER_TWINS } from "../../scripts/twins/keeperTwins.ts";

const TWINS = [...KEEPER_TWINS, ...CONTRACT_TWINS];

describe("broken twins", () => {
  for (const { name, file, find, replace, tests } of TWINS) {
    it(`${file}: one that ${name} differs in one place, and is held against tests that exist`, () => {
      expect(readFileSync(join(PROJECT_ROOT, file), "utf8").split(find).length).to.equal(2);
      expect(replace).to.not.equal(find);
      expect(tests.filter((test) => !existsSync(join(PROJECT_ROOT, test)))).to.deep.equal([]);
      expect(tests).to.not.be.empty;
    });
  }

  it("are at least forty, each of another name", () => {
    expect(TWINS.length).to.be.at.least(40);
    expect(new Set(TWINS.map(({ name }) => name)).size).to.equal(TWINS.length);
  });
});
