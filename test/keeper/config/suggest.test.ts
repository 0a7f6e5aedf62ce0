import { expect } from "chai";
import { suggest } from "../../../keeper/config/suggest.ts";

describe("suggest", () => {
  it("finds the nearest name, whatever its case and its separators", () => {
    const known = ["LOCKSTEP_API_PORT", "LOCKSTEP_API_HOST", "sources"];
    expect(suggest("lockstepApiPrt", known)).to.equal("LOCKSTEP_API_PORT");
    expect(suggest("LOCKSTEP-API-HOSTS", known)).to.equal("LOCKSTEP_API_HOST");
  });

  it("counts letters that are missing, added and changed, and gives up beyond a third of them", () => {
    for (const near of ["bcdef", "abcde", "abcdef", "xabcdefy", "abxyef"]) {
      expect(suggest(near, ["abcdef"]), near).to.equal("abcdef");
    }
    for (const far of ["abcxyz", "fedcba", "cdef12", "abc", ""]) {
      expect(suggest(far, ["abcdef"]), far).to.equal(undefined);
    }
  });

  it("knows distances from the textbook", () => {
    // kitten → sitting is 3: too far for six letters, near enough for the ten with a common end.
    expect(suggest("kitten", ["sitting"])).to.equal(undefined);
    expect(suggest("kittenabcd", ["sittingabcd"])).to.equal("sittingabcd");
    expect(suggest("kittenab", ["sittingab"])).to.equal(undefined);
  });

  it("has nothing to say without candidates, and lets one letter go in a short name", () => {
    expect(suggest("mode", [])).to.equal(undefined);
    expect(suggest("", ["a"])).to.equal("a");
    expect(suggest("a", ["ab", "abc"])).to.equal("ab");
  });
});
