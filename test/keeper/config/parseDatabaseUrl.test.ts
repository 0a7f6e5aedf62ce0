import { expect } from "chai";

import { describeConfig } from "../../../keeper/config/describeConfig.ts";
import { loadKeeperConfig } from "../../../keeper/config/loadKeeperConfig.ts";
import { parseDatabaseUrl, parseSchema } from "../../../keeper/config/parseDatabaseUrl.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";

describe("parseDatabaseUrl", () => {
  it("takes the URLs that pg takes, with parameters for the encryption and for a socket", () => {
    for (const url of [
      "postgres://user@host/keeper",
      "postgresql://user:p%40ss@[::1]:5433/keeper?sslmode=verify-full&sslrootcert=/etc/ca.pem",
      "postgresql://user@localhost/keeper?host=/run/postgresql",
    ]) {
      expect(parseDatabaseUrl(`${url}\n`), url).to.deep.equal({ ok: true, value: url });
    }
  });

  it("refuses other schemes, a missing database, and parameters that would undo the keeper's own settings", () => {
    for (const url of [
      ...["", 7, "user@host/keeper", "mysql://host/keeper", "postgres://", "postgres://host", "postgres://host/"],
      ...["postgres://host/db#x", "postgres://host/db?options=-csearch_path%3Dpublic"],
      ...["postgres://host/db?statement_timeout=0", "postgres://host/db?idle_in_transaction_session_timeout=0"],
    ]) {
      expect(parseDatabaseUrl(url).ok, String(url)).to.equal(false);
    }
  });

  it("never shows the URL: neither what was refused nor what was taken", () => {
    const secret = "hunter2";
    try {
      loadKeeperConfig({
        flags: {},
        env: { LOCKSTEP_DATABASE_URL: `postgres://me:${secret}@host/db?options=${secret}` },
      });
      expect.fail("it was taken");
    } catch (error: unknown) {
      if (!KeeperError.is(error, "ConfigInvalid")) throw error;
      expect(error.message).to.include("LOCKSTEP_DATABASE_URL");
      expect(JSON.stringify([error.message, error.payload])).to.not.include(secret);
    }
    const loaded = loadKeeperConfig({ flags: { databaseUrl: `postgres://me:${secret}@host/db` }, env: {} });
    expect(loaded.config.databaseUrl).to.include(secret);
    expect(JSON.stringify(describeConfig(loaded))).to.not.include(secret);
  });
});

describe("parseSchema", () => {
  it("takes names that need no quotes, and none of PostgreSQL's own", () => {
    for (const name of ["lockstep", "keeper_1", "_a", "a".repeat(63)])
      expect(parseSchema(name).ok, name).to.equal(true);
    for (const name of ["", "Keeper", "1a", "a-b", 'a"b', "pg_catalog", "a".repeat(64), 3]) {
      expect(parseSchema(name).ok, String(name)).to.equal(false);
    }
  });
});
