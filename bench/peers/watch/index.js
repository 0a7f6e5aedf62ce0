// It notices a log, and keeps nothing.
import { ponder } from "ponder:registry";

import { say } from "./say.js";

ponder.on("Vault:Deposited", ({ event }) => {
  say("noticed", { transaction: event.transaction.hash });
});
