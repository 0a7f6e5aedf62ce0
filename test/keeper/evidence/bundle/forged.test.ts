import { expect } from "chai";

import { storage as ledger, type EntryPostedEvent } from "../../../../keeper/books/generated/PositionLedger.ts";
import { REDUCERS } from "../../../../keeper/books/reducers.ts";
import type { Reducer } from "../../../../keeper/books/Reducer.ts";
import { decodeHeader } from "../../../../keeper/chain/verify/header.ts";
import type { Verification } from "../../../../keeper/evidence/bundle/Verification.ts";
import { verifyBundle } from "../../../../keeper/evidence/bundle/verifyBundle.ts";
import { fromPlain } from "../../../../keeper/evidence/codec.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../../../keeper/lib/hex.ts";
import { decodeRlp, encodeRlp, type RlpItem } from "../../../../keeper/lib/rlp.ts";
import { depositUsd } from "../../../fixtures/deployLockstep.ts";
import { allowDeposits, depositAllowed } from "../../../helpers/keeper/deposits.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";
import { World } from "../../../helpers/keeper/World.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { BROKEN_REDUCERS } from "../brokenReducers.ts";
import { settle, textOf } from "./bundleOf.ts";
import { claim, forge, set, takeApart, type Parts } from "./forge.ts";
import { STAGES } from "./stages.ts";

const USD = 1_000_000n;
const STATE_ROOT = 3;
const RECEIPTS_ROOT = 5;

/** What a bundle truly shows: forging may not make it show anything else. */
function shownBy({ incidentId, kind, findings, slots }: Verification): unknown {
  const found = findings.map(({ cause, contract, logIndex, blockHash }) => ({ cause, contract, logIndex, blockHash }));
  return { incidentId, kind, found, slots: slots.map(({ name: _, ...slot }) => slot) };
}

/** The bundle of a keeper that is broken or bought: it says that an honest deposit diverges. */
async function accusation(): Promise<string> {
  let isBroken = false;
  const { PositionLedger: sound } = REDUCERS;
  const breaking: typeof sound = {
    ...sound,
    apply: (event, context) => {
      (isBroken ? BROKEN_REDUCERS.PositionLedger : sound).apply(event, context);
    },
  };
  const secondOpinion = () => ({ agreesWithChain: false, detail: "of course not" });
  const world = await World.open();
  const driver = world.keeper({ replacements: { reducers: { ...REDUCERS, PositionLedger: breaking }, secondOpinion } });
  const [user] = world.system.users;
  await depositUsd(world.system, user!, 100n * USD);
  await allowDeposits(world.system, user!);
  await driver.follow();
  isBroken = true;
  await depositAllowed(world.system, user!, 5n * USD);
  await driver.follow();
  expect(driver.verdict.kind).to.equal("Diverged");
  await settle(driver, false);
  const text = textOf(driver);
  await world.close();
  return text;
}

/** A header with one field replaced. */
function withField(encoding: string, index: number, value: Hex): Hex {
  const fields = decodeRlp(hexToBytes(encoding)) as RlpItem[];
  return bytesToHex(encodeRlp(fields.with(index, hexToBytes(value))));
}

/** Puts another last header in, with everything that follows from its hash: the block is invented. */
function inventBlock(parts: Parts, change: (encoding: string) => Hex): Hash {
  const headers = parts.blobs.get("headers") as Hex[];
  const encoding = change(headers.at(-1)!);
  const { hash } = decodeHeader(encoding);
  parts.blobs.set("headers", [...headers.slice(0, -1), encoding]);
  const { manifest } = parts;
  const last = manifest.blocks.at(-1)!;
  parts.manifest = { ...manifest, blocks: [...manifest.blocks.slice(0, -1), { ...last, hash }] };
  claim(parts, { findings: manifest.incident.findings.map((finding) => ({ ...finding, blockHash: hash })) });
  return hash;
}

describe("a forged bundle", function () {
  this.timeout(300_000);
  const texts = new Map<string, string>();
  let honest: string;

  before(async () => {
    for (const { cause, kind, level, run } of STAGES) {
      const { world, driver } = await run();
      await settle(driver, level === "located");
      if (!texts.has(`${kind} ${cause}`)) texts.set(`${kind} ${cause}`, textOf(driver));
      await world.close();
    }
    honest = await accusation();
  });

  const of = (kind: string): string => texts.get(kind)!;
  const all = (): [string, string][] => [...texts];
  const expectNot = (text: string, what: string, ...results: Verification["result"][]): void => {
    const { result, reason } = verifyBundle(text);
    expect(results, `${what}: ${reason}`).to.include(result);
  };

  it("is invalid when any byte of any line is another, missing or too many", () => {
    for (const [name, text] of all()) {
      const lines = text.slice(0, -1).split("\n");
      for (const [index, line] of lines.entries()) {
        const places = [0, 63, 64, 65, 66, line.length >> 1, line.length - 1];
        for (const at of places) {
          const other = line[at] === "7" ? "8" : "7";
          const flipped = lines.with(index, line.slice(0, at) + other + line.slice(at + 1));
          expectNot(`${flipped.join("\n")}\n`, `${name}: line ${index} at ${at}`, "invalid");
        }
        expectNot(`${lines.toSpliced(index, 1).join("\n")}\n`, `${name}: without line ${index}`, "invalid");
        expectNot(`${lines.toSpliced(index, 0, line).join("\n")}\n`, `${name}: line ${index} twice`, "invalid");
        const next = lines[(index + 1) % lines.length]!;
        const swapped = lines.with(index, next).with((index + 1) % lines.length, line);
        expectNot(`${swapped.join("\n")}\n`, `${name}: line ${index} swapped`, "invalid");
      }
      for (const length of [0, 1, 100, text.length >> 1, text.length - 1]) {
        expectNot(text.slice(0, length), `${name}: cut at ${length}`, "invalid");
      }
    }
  });

  it("is not confirmed without a blob that it needs, although all digests are made anew", () => {
    for (const [name, text] of all()) {
      for (const role of takeApart(text).blobs.keys()) {
        const { result } = verifyBundle(forge(text, ({ blobs }) => blobs.delete(role)));
        const after = `accounts/${takeApart(text).manifest.blocks.at(-1)!.number}`;
        // What sources answered proves nothing; what is illegal shows without the roots after it.
        const isSpare = role === "exchanges" || (role === after && name === "Diverged illegal");
        if (isSpare) expect(result, `${name}: ${role}`).to.equal("confirmed");
        else expect(["incomplete", "refuted"], `${name}: ${role}`).to.include(result);
      }
    }
  });

  it("is not confirmed when two of its blobs change their roles", () => {
    for (const [name, text] of all()) {
      const roles = [...takeApart(text).blobs.keys()].filter((role) => role !== "exchanges");
      for (const [index, role] of roles.entries()) {
        const other = roles[(index + 1) % roles.length]!;
        const swapped = forge(text, ({ blobs }) => {
          const [one, two] = [blobs.get(role), blobs.get(other)];
          blobs.set(role, two).set(other, one);
        });
        expectNot(swapped, `${name}: ${role} and ${other}`, "invalid", "incomplete", "refuted");
      }
    }
  });

  it("is invalid when a state root or receipts are edited and the header is not", () => {
    for (const [name, text] of all()) {
      const role = [...takeApart(text).blobs.keys()].find((other) => other.startsWith("receipts/"));
      if (role === undefined) continue;
      const edited = forge(text, ({ blobs }) => {
        const receipts = structuredClone(blobs.get(role)) as { cumulativeGasUsed: string }[];
        receipts[0]!.cumulativeGasUsed = "0x5209";
        blobs.set(role, receipts);
      });
      expectNot(edited, name, "invalid");
    }
    const rooted = forge(of("Diverged unexplained-write"), ({ blobs }) => {
      const headers = blobs.get("headers") as Hex[];
      blobs.set("headers", [...headers.slice(0, -1), withField(headers.at(-1)!, STATE_ROOT, `0x${"ab".repeat(32)}`)]);
    });
    expectNot(rooted, "state root", "invalid");
  });

  it("is invalid with an invented header whose state root has no proofs", () => {
    const text = forge(of("Diverged unexplained-write"), (parts) => {
      inventBlock(parts, (encoding) => withField(encoding, STATE_ROOT, `0x${"ab".repeat(32)}`));
    });
    expectNot(text, "state root", "invalid");
    const other = forge(of("Diverged illegal"), (parts) => {
      inventBlock(parts, (encoding) => withField(encoding, RECEIPTS_ROOT, `0x${"ab".repeat(32)}`));
    });
    expectNot(other, "receipts root", "invalid");
  });

  it("can hold a block of no chain, whose hash it then says has to be looked up", () => {
    let invented: Hash = "0x";
    const text = forge(of("Diverged unexplained-write"), (parts) => {
      // Extra data: nothing else depends on it.
      invented = inventBlock(parts, (encoding) => withField(encoding, 12, "0x1234"));
    });
    const shown = verifyBundle(text);
    expect(shown.result).to.equal("confirmed");
    expect(shown.lookUp.join()).to.contain(invented);
    expect(invented).to.not.equal(takeApart(of("Diverged unexplained-write")).manifest.blocks.at(-1)!.hash);
  });

  it("is invalid with account proofs of another block before the step", () => {
    for (const [name, text] of all()) {
      const { manifest } = takeApart(text);
      const [before, after] = [`accounts/${manifest.base!.number}`, `accounts/${manifest.blocks.at(-1)!.number}`];
      const forged = forge(text, ({ blobs }) => blobs.set(before, blobs.get(after)));
      expectNot(forged, name, "invalid");
    }
  });

  it("is invalid with an id, an action or a policy that does not follow", () => {
    const text = of("Diverged unexplained-write");
    const edits: ((manifest: Parts["manifest"]) => Parts["manifest"])[] = [
      (manifest) => ({ ...manifest, incident: { ...manifest.incident, id: `0x${"11".repeat(32)}` } }),
      (manifest) => ({ ...manifest, actions: [] }),
      (manifest) => ({ ...manifest, settings: { ...manifest.settings, policy: { mode: "sleep" } as never } }),
      (manifest) => ({ ...manifest, settings: { ...manifest.settings, chainId: 1 } }),
      (manifest) => ({ ...manifest, blocks: [manifest.base!, ...manifest.blocks] }),
      (manifest) => ({ ...manifest, base: manifest.blocks[0]! }),
      (manifest) => ({
        ...manifest,
        settings: {
          ...manifest.settings,
          addresses: {
            ...manifest.settings.addresses,
            PriceOracle: manifest.settings.addresses.SyncGuard,
            SyncGuard: `0x${"22".repeat(20)}`,
          },
        },
      }),
    ];
    for (const [index, edit] of edits.entries()) {
      expectNot(
        forge(text, (parts) => (parts.manifest = edit(parts.manifest))),
        `edit ${index}`,
        "invalid",
      );
    }
  });

  it("is invalid when its settings, its findings or the hash of both are edited and the others are not", () => {
    for (const [name, text] of all()) {
      const { settings, incident } = takeApart(text).manifest;
      const change = (other: Partial<Parts["manifest"]>): string =>
        forge(text, (parts) => (parts.manifest = { ...parts.manifest, ...other }));
      const [first, ...rest] = incident.findings;
      const edited = {
        "the hash": change({ incident: { ...incident, evidenceHash: `0x${"11".repeat(32)}` } }),
        "a finding's words": change({
          incident: { ...incident, findings: [{ ...first!, detail: `${first!.detail}!` }, ...rest] },
        }),
        "a finding twice": change({ incident: { ...incident, findings: [first!, first!, ...rest] } }),
        "the pauser": change({ settings: { ...settings, pauser: `0x${"44".repeat(20)}` } }),
        "an immutable": change({
          settings: {
            ...settings,
            immutables: { ...settings.immutables, softTime: settings.immutables.softTime + 1n },
          },
        }),
        "the sources": change({ settings: { ...settings, sources: [{ id: "honest", operator: "honest" }] } }),
        "the policy": change({
          settings: { ...settings, policy: { ...settings.policy, claimedPausesPerDay: 3 } },
        }),
        "a setting more": change({ settings: { ...settings, further: 1 } }),
      };
      for (const [what, forged] of Object.entries(edited)) {
        const { result, failure, evidenceHash: shown } = verifyBundle(forged);
        expect({ result, check: failure?.check, shown }, `${name}: ${what}`).to.satisfy(
          (found: { result: string; check: string; shown: unknown }) =>
            found.result === "invalid" && ["evidence-hash", "decision"].includes(found.check) && found.shown === null,
        );
      }
    }
  });

  it("has another hash than the pause on chain when what it is of follows everywhere", () => {
    const text = of("Diverged unexplained-write");
    const shown = verifyBundle(text);
    const forged = verifyBundle(forge(text, (parts) => set(parts, { hedgeMs: 7 })));
    expect(forged.result).to.equal("confirmed");
    expect(shown.evidenceHash).to.match(/^0x[0-9a-f]{64}$/);
    expect(forged.evidenceHash).to.not.equal(shown.evidenceHash);
    expect(forged.lookUp.join()).to.contain(forged.evidenceHash);
  });

  it("is invalid for another protocol than the one that is asked about", () => {
    const text = of("Diverged unexplained-write");
    const { chainId, addresses } = takeApart(text).manifest.settings;
    const verdictFor = (contracts: typeof addresses, id = chainId): string =>
      verifyBundle(text, { deployment: { chainId: id, contracts } }).result;
    expect(verdictFor(addresses)).to.equal("confirmed");
    expect(verdictFor({ ...addresses, PriceOracle: `0x${"33".repeat(20)}` })).to.equal("invalid");
    expect(verdictFor(addresses, 1)).to.equal("invalid");
  });

  it("is refuted when it says another thing than it shows", () => {
    for (const [name, text] of all()) {
      const contract = "OrderSettlement" as const;
      const other = forge(text, (parts) => {
        const [first] = parts.manifest.incident.findings;
        if (parts.manifest.incident.kind === "Diverged") claim(parts, { findings: [{ ...first!, contract }] });
        else claim(parts, { kind: "Diverged" });
      });
      expectNot(other, name, "refuted");
      const ours = forge(text, (parts) => claim(parts, { kind: "OwnFault", detail: "we did it" }));
      if (!name.startsWith("OwnFault") && !name.endsWith("code-changed")) expectNot(ours, name, "refuted");
    }
  });

  it("is refuted where a keeper that is broken or bought accuses an honest block, whatever it is said to be", () => {
    expectNot(honest, "as it is", "refuted");
    for (const cause of ["unexplained-write", "miscomputed", "illegal", "unreadable", "code-changed"] as const) {
      for (const logIndex of [null, 0, 1, 2, 3, 4]) {
        const text = forge(honest, (parts) => {
          const [first] = parts.manifest.incident.findings;
          claim(parts, { findings: [{ ...first!, cause, logIndex }] });
        });
        expectNot(text, `${cause} ${logIndex}`, "refuted");
      }
    }
  });

  it("says what immutables a finding rests on, because with forged ones an honest block looks wrong", () => {
    const settlementScale = 1n;
    const forged = forge(honest, (parts) => {
      parts.manifest = { ...parts.manifest, located: [] };
      set(parts, { immutables: { ...parts.manifest.settings.immutables, settlementScale } });
    });
    const { findings, result } = verifyBundle(forged);
    expect(result).to.equal("refuted");
    // An attacker who sees what that leads to says just that.
    const shown = verifyBundle(forge(forged, (parts) => claim(parts, { findings })));
    expect(shown.given).to.include("immutable settlementScale = 1");
    expect(shown.result, shown.reason).to.equal("confirmed");
  });

  it("is incomplete where what is illegal rests on a price that only the keeper tells", () => {
    const text = of("Diverged illegal");
    const unproven = forge(text, (parts) => {
      const answers = parts.manifest.answers.map((answer) => ({ ...answer, block: null }));
      parts.manifest = { ...parts.manifest, answers };
    });
    const shown = verifyBundle(unproven);
    expect(shown.result).to.equal("incomplete");
    expect(shown.reason).to.contain("price feed");
    expect(verifyBundle(unproven, { takesPrices: true }).result).to.equal("confirmed");
    const lying = forge(text, (parts) => {
      const answers = parts.manifest.answers.map((answer) => ({ ...answer, answer: answer.answer + 1n }));
      parts.manifest = { ...parts.manifest, answers };
    });
    expectNot(lying, "another price", "invalid");
    const hidden = forge(text, (parts) => {
      // The trail begins after the price.
      parts.blobs.set("trail", (parts.blobs.get("trail") as unknown[]).slice(-1));
    });
    expectNot(hidden, "another trail", "incomplete");
  });

  it("shows nothing but the truth after random changes, digests made anew", () => {
    const random = new SeededRandom(chooseSeed(20_261_122));
    let confirmed = 0;
    const counts = new Map<string, number>();
    for (const [name, text] of [...all(), ["honest", honest] as const]) {
      const truth = name === "honest" ? null : shownBy(verifyBundle(text));
      for (let round = 0; round < 300; round += 1) {
        const flipped = flipOne(text, random);
        if (flipped === null) continue;
        const shown = verifyBundle(flipped);
        counts.set(shown.result, (counts.get(shown.result) ?? 0) + 1);
        if (shown.result !== "confirmed") continue;
        confirmed += 1;
        expect(truth, `${name} round ${round}: ${shown.reason}`).to.not.equal(null);
        expect(shownBy(shown), `${name} round ${round}`).to.deep.equal(truth);
      }
    }
    console.log(`      ${[...counts].map(([result, count]) => `${count} ${result}`).join(", ")}`);
    expect(confirmed).to.be.lessThan(counts.get("invalid")!);
  });

  it("does not end the reader, whatever it holds", () => {
    const random = new SeededRandom(7);
    for (const text of ["", "\n", "x\n", `${"0".repeat(64)} {}\n`, "\u0000".repeat(500), random.hex(5_000)]) {
      expect(verifyBundle(text).result).to.equal("invalid");
    }
  });

  describe("and a verifier that is a broken twin", () => {
    /** Believes the balance that an entry claims instead of computing it. */
    const BELIEVING: Reducer<{ readonly name: string }> = {
      ...REDUCERS.PositionLedger,
      apply: (event, context) => {
        if (event.name === "EntryPosted") {
          const { account, quoteAfter, quoteDelta } = event as EntryPostedEvent;
          const slot = ledger.accounts.slot(account);
          const word = ledger.accounts.decode(context.read(slot));
          context.write(slot, ledger.accounts.encode({ ...word, quote: quoteAfter - quoteDelta }));
        }
        REDUCERS.PositionLedger.apply(event, context);
      },
    };

    it("refutes a healed word when its reducers believe what events claim", () => {
      const text = of("Diverged miscomputed");
      expect(verifyBundle(text).result).to.equal("confirmed");
      const { result } = verifyBundle(text, { reducers: { ...REDUCERS, PositionLedger: BELIEVING } });
      expect(result).to.equal("refuted");
    });

    it("cannot be made to confirm an honest block by its own reducers alone: the second derivation disagrees", () => {
      const { result, findings } = verifyBundle(honest, { reducers: BROKEN_REDUCERS });
      expect(findings).to.not.deep.equal([]);
      expect(result).to.equal("refuted");
    });
  });
});

/** One character of one blob, or of the manifest's JSON, is another, and every digest is made anew; null where that is no JSON. */
function flipOne(text: string, random: SeededRandom): string | null {
  const lines = text.slice(0, -1).split("\n");
  const parts = takeApart(text);
  const roles = [...parts.blobs.keys()];
  const role = random.below(lines.length) === 0 ? null : roles[random.below(roles.length)]!;
  const json = role === null ? lines[0]!.slice(65) : JSON.stringify(parts.blobs.get(role));
  const at = random.below(json.length);
  const digits = "0123456789abcdef";
  const other = digits[random.below(digits.length)]!;
  if (json[at] === other) return null;
  const changed = json.slice(0, at) + other + json.slice(at + 1);
  try {
    const value = JSON.parse(changed) as unknown;
    if (role !== null) return forge(text, ({ blobs }) => blobs.set(role, value));
    return forge(text, (forged) => (forged.manifest = fromPlain(value) as Parts["manifest"]));
  } catch {
    return null;
  }
}
