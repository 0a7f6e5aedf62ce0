import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { Afterwards } from "../../keeper/Afterwards.ts";
import { openStore } from "../../keeper/store/openStore.ts";

describe("Afterwards", () => {
  const never = (error: unknown): void => {
    throw error;
  };

  it("comes after an intent is durable on SQLite and what follows from it, though it was added first", async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), "lockstep-afterwards-"));
    const store = await openStore({
      dataDirectory,
      databaseUrl: undefined,
      databaseSchema: "lockstep",
      leaseMs: 3_000,
    });
    try {
      const order: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const afterwards = new Afterwards(never);
      afterwards.add(() => {
        order.push("told");
        resolve();
      });
      void store.append("incident", { id: 1 });
      void store.append("intent", { id: 2 }).then(() => order.push("signed and sent"));
      await promise;
      expect(order).to.deep.equal(["signed and sent", "told"]);
    } finally {
      await store.close();
      rmSync(dataDirectory, { recursive: true });
    }
  });

  it("keeps the order, also of what comes of an action", () => {
    const order: number[] = [];
    const afterwards = new Afterwards(never);
    afterwards.add(() => {
      order.push(1);
      afterwards.add(() => order.push(3));
    });
    afterwards.add(() => order.push(2));
    afterwards.flush();
    expect(order).to.deep.equal([1, 2, 3]);
  });

  it("goes on behind an action that fails, and says so", () => {
    const order: unknown[] = [];
    const afterwards = new Afterwards((error) => order.push((error as Error).message));
    afterwards.add(() => {
      throw new Error("no one to tell");
    });
    afterwards.add(() => order.push("next"));
    afterwards.flush();
    expect(order).to.deep.equal(["no one to tell", "next"]);
  });
});
