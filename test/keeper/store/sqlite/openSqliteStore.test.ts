import { describeStore } from "../describeStore.ts";
import { SqliteSubject } from "./SqliteSubject.ts";

describe("openSqliteStore", () => {
  describeStore(() => SqliteSubject.create());
});
