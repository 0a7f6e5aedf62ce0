import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";

import type { Hash } from "../../../../keeper/lib/hex.ts";
import { EMPTY_ROOT } from "../../../../keeper/trie/nodeEncoding.ts";
import type { Rule } from "../../../../scripts/chaos/Rule.ts";
import { Fork } from "../../../helpers/keeper/scenarioFork.ts";
import type { Seen } from "../../../../testing/Seen.ts";
import {
  dropLog,
  edit,
  inLogs,
  inReceipts,
  NO_BLOCK_RECEIPTS,
  proofOf,
  replace,
} from "../../../helpers/keeper/sourcesLies.ts";
import { SourcesRig, wronglyBlamed } from "../../../helpers/keeper/sourcesRig.ts";
import { Inventor, LyingServer } from "../../../helpers/keeper/sourcesServer.ts";

type Fields = Readonly<Record<string, unknown>>;

interface Forgery {
  readonly name: string;
  readonly rules: (fork: Fork) => readonly Rule[];
  /** Tried as the only source as well. */
  readonly isTriedAlone?: true;
}

const WRONG: Hash = `0x${"5a".repeat(32)}`;
/** Nobody's account, in any state. */
const NOBODY = `0x${"e0".repeat(20)}`;
/** Of a block in which the books were not yet what they are. */
const OLD = "0x20";
const AUDITOR: Rule = { client: "auditor", action: "upstream", index: 0 };

/** All of them keep the form of an answer. */
const FORGERIES: readonly Forgery[] = [
  {
    name: "tells an auditor the truth, and proves to the keeper the values of another state (B1)",
    isTriedAlone: true,
    rules: ({ twin }) => [AUDITOR, proofOf(twin.node.url, ([address, keys]) => [address, keys, "latest"])],
  },
  {
    name: "tells an auditor the truth, and the keeper of an event that never was (B1)",
    rules: () => [AUDITOR, ...inLogs((logs) => [...logs, ...logs.slice(-1)])],
  },
  {
    name: "proves the values of an older block (B3)",
    rules: ({ here }) => [proofOf(here.node.url, ([address, keys]) => [address, keys, OLD])],
  },
  {
    name: "shows another state root in the header (B4)",
    rules: () => [edit("eth_getBlockByHash", "/stateRoot", WRONG)],
  },
  {
    name: "shows the parent in place of a block, under its hash (B4)",
    isTriedAlone: true,
    rules: ({ here }) => [
      replace("eth_getBlockByHash", async (block) => {
        const { parentHash, hash } = block as Fields;
        return { ...((await here.send("eth_getBlockByHash", parentHash, false)) as Fields), hash };
      }),
    ],
  },
  {
    name: "swaps the proofs of two books (B6)",
    rules: ({ here, truth: { addresses } }) => {
      const { PositionLedger: ledger, CollateralVault: vault } = addresses;
      const swapped = new Map<unknown, string>([
        [ledger, vault],
        [vault, ledger],
      ]);
      return [proofOf(here.node.url, ([address, ...rest]) => [swapped.get(address) ?? address, ...rest])];
    },
  },
  {
    name: "proves that somebody else's account does not exist (B6)",
    isTriedAlone: true,
    rules: ({ here }) => [proofOf(here.node.url, ([, ...rest]) => [NOBODY, ...rest])],
  },
  {
    name: "ends each proof one node before the account (B6)",
    isTriedAlone: true,
    rules: () => [
      replace("eth_getProof", (proof) => {
        const { accountProof, ...rest } = proof as Fields;
        return { ...rest, accountProof: (accountProof as string[]).slice(0, -1) };
      }),
    ],
  },
  {
    name: "proves nothing, of an empty account (B6)",
    rules: () => [
      replace("eth_getProof", (proof) => ({ ...(proof as Fields), accountProof: [], storageHash: EMPTY_ROOT })),
    ],
  },
  { name: "proves an empty state (B6)", rules: () => [edit("eth_getProof", "/accountProof", ["0x80"])] },
  ...[0, 1, 4].map((place) => ({ name: `drops log ${place} of each block (B8)`, rules: () => dropLog(place) })),
  { name: "keeps a whole receipt back (B8)", rules: () => inReceipts((receipts) => receipts.slice(1)) },
  {
    name: "swaps two logs (B8)",
    rules: () => inLogs((logs) => [...logs.slice(1, 2), ...logs.slice(0, 1), ...logs.slice(2)]),
  },
  {
    name: "says that each transaction failed (B8)",
    rules: () => inReceipts((receipts) => receipts.map((receipt) => ({ ...receipt, status: "0x0" }))),
  },
  {
    name: "says that another contract logged it (B8)",
    rules: () => inLogs((logs) => logs.map((log) => ({ ...log, address: NOBODY }))),
  },
  {
    name: "drops the first log of each transaction, which it tells one by one (B8)",
    isTriedAlone: true,
    rules: () => [NO_BLOCK_RECEIPTS, ...dropLog(0)],
  },
];

describe("sources that forge", function () {
  this.timeout(60_000);
  let fork: Fork;

  before(async () => {
    fork = await Fork.open(31);
    await fork.truth.send("evm_setAutomine", true);
    // The twin's state is another one from here on, and its proofs are sound.
    await fork.tamper(fork.twin);
  });

  after(() => fork.close());

  const isCaught = ({ quarantined }: Seen): boolean => quarantined.length > 0;

  for (const [who, sourceCount] of Object.entries({ "one of three": 3, "the only one": 1 })) {
    describe(who, () => {
      let rig: SourcesRig;

      before(async () => {
        rig = sourceCount === 3 ? await SourcesRig.startThree(fork.truth) : await SourcesRig.startOne(fork.truth);
      });

      after(() => rig.stop());

      afterEach(() => rig.expectOnlyWhatCannotLie());

      for (const { name, rules } of FORGERIES.filter(
        ({ isTriedAlone }) => sourceCount === 3 || isTriedAlone === true,
      )) {
        it(`is quarantined when it ${name}; ${sourceCount === 3 ? "each block is InSync" : "nothing is"}`, async () => {
          const seen = await rig.lie(rules(fork), isCaught);
          expect(seen.quarantined).to.include("operator-1");
          expect(wronglyBlamed(seen)).to.deep.equal([]);
          await rig.expectSound(seen);
        });
      }
    });
  }

  it("tells the auditor the truth by the same URL all the while (B1)", async () => {
    const rig = await SourcesRig.startOne(fork.truth);
    try {
      const [lie] = FORGERIES;
      rig.liar.setRules(lie!.rules(fork));
      const { hash: blockHash } = await rig.head();
      const body = {
        jsonrpc: "2.0",
        id: 1,
        method: "eth_getProof",
        params: [fork.truth.addresses.PositionLedger, [], { blockHash }],
      };
      const ask = async (userAgent: string): Promise<unknown> => {
        const headers = { "content-type": "application/json", "user-agent": userAgent };
        const response = await fetch(rig.liar.url, { method: "POST", headers, body: JSON.stringify(body) });
        return ((await response.json()) as Fields)["result"];
      };
      const truth = await fork.here.send(body.method, ...body.params);
      expect(await ask("Auditor/1.0")).to.deep.equal(truth);
      expect(await ask("node")).to.not.deep.equal(truth);
    } finally {
      await rig.stop();
    }
  });

  for (const [who, sourceCount] of Object.entries({ "one of three": 3, "the only one": 1 })) {
    it(`follows nobody to a forged header, proven and all, that is not linked to the books: ${who} (B4)`, async () => {
      const inventor = new Inventor(() => WRONG);
      const server = await LyingServer.start(fork.here.node.url, inventor.lie);
      const rig = await SourcesRig.start(fork.truth, {
        transports: ["http", "ws", "ws"].slice(0, sourceCount) as ("http" | "ws")[],
        upstreamOfLiar: server.url,
      });
      try {
        await rig.untilInSync();
        const seen = rig.seen();
        inventor.isLying = true;
        for (let block = 0; block < 3; block += 1) {
          await fork.truth.mine();
          if (sourceCount === 3) await rig.untilInSync();
          await rig.until("its head is heard", () => inventor.invented.has(rig.source(0).head?.hash));
        }
        if (sourceCount === 1) await rig.until("Unknown", () => seen.said.includes("Unknown(no-answer)"));
        else await wait(1_500);
        expect(seen.said).to.deep.equal([sourceCount === 3 ? "InSync" : "Unknown(no-answer)"]);
        inventor.isLying = false;
        await rig.untilRecovered();
        await rig.expectSound(seen);
      } finally {
        await rig.stop();
        await server.close();
      }
    });
  }
});
