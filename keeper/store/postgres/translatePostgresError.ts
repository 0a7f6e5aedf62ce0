import { messageOf } from "../../lib/messageOf.ts";
import { KeeperError } from "../../errors/KeeperError.ts";
import { quoteForeign } from "../../lib/quoteForeign.ts";

/**
 * Classes and codes of PostgreSQL (appendix A of its manual) whose cause can pass by itself: connection, resources,
 * operator intervention, lock and time limits, a server that is a read-only standby at the moment.
 */
const PASSING = /^(?:08|53|57|40|25P03$|25006$|55P03$)/;

/** Connection refused for what is configured: the password, the user, the database, the rights. */
const REFUSED = /^(?:28|3D000$|42501$)/;

/** Errors of the socket, as Node names them. */
const SOCKET = /^E[A-Z_]+$/;

/** Longest piece of the server's own words. */
const MAX_QUOTED = 300;

/** What `pg` says of a connection that ended, or took too long, without a code. */
const CONNECTION = /connection|timeout|terminated|not queryable|discarded/i;

/** The fault behind an error of `pg`. Its text never holds the URL, and neither does what it was made from. */
export function translatePostgresError(place: string, error: unknown): KeeperError {
  if (error instanceof KeeperError) return error;
  const reason = quoteForeign(messageOf(error), MAX_QUOTED) || "no connection";
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const payload = { place, reason, code };
  if (REFUSED.test(code)) {
    const advice = "look at the user, the password, the database and their rights in --database-url";
    return new KeeperError("StoreRefused", `${place} refuses this keeper (${reason}): ${advice}`, payload);
  }
  if (PASSING.test(code) || SOCKET.test(code) || (code === "" && CONNECTION.test(reason))) {
    const message = `${place} does not answer (${reason}): look at the server and the network; the keeper tries again`;
    return new KeeperError("StoreUnavailable", message, payload);
  }
  return new KeeperError("StoreFailed", `${place} cannot be used: ${reason}`, payload, { cause: error });
}
