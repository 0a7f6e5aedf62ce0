import { readFileSync } from "node:fs";

import { expect } from "chai";

import source from "../../package.json" with { type: "json" };
import { createManifest, packagesIn } from "../../scripts/package/createManifest.ts";

const ENTRY = new URL("../../scripts/package/lockstep.ts", import.meta.url);

describe("The package's manifest", () => {
  it("has the dependencies that the code imports, by the repository's versions, and no others", () => {
    const { dependencies } = createManifest(new Set(["ethers", "ws"]));
    expect(dependencies).to.deep.equal({ ethers: source.dependencies.ethers, ws: source.dependencies.ws });
  });

  it("is refused for an import that nothing would install", () => {
    expect(() => createManifest(new Set(["ethers", "left-pad"]))).to.throw(/left-pad is imported/);
  });

  it("has what a chain of one's own needs as optional peers, which its command looks for", () => {
    const { peerDependencies, peerDependenciesMeta } = createManifest(new Set());
    const [, list = ""] = /STAGING_PACKAGES = \[([^\]]+)\]/.exec(readFileSync(ENTRY, "utf8")) ?? [];
    const staging = [...list.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
    expect(staging).to.include("hardhat");
    for (const name of staging) {
      expect(peerDependencies).to.have.property(name);
      expect((peerDependenciesMeta as Record<string, unknown>)[name]).to.deep.equal({ optional: true });
    }
  });

  it("cannot be published by a slip, and says which Node it needs", () => {
    expect(createManifest(new Set())).to.deep.include({ private: true, engines: { node: ">=24" } });
  });
});

describe("packagesIn", () => {
  it("finds packages by whatever they are imported with, and neither files nor Node's own", () => {
    const code = [
      'import { a } from "ethers";',
      'import"ws";',
      'export { b } from "@noble/hashes/sha3.js";',
      'await import("hardhat/hre");',
      'require.resolve("pg");',
      'import { c } from "./near.js";',
      'import { readFile } from "node:fs/promises";',
    ].join("\n");
    expect(packagesIn(code)).to.deep.equal(["ethers", "ws", "@noble/hashes", "hardhat", "pg"]);
  });
});
