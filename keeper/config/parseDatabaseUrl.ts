import { accept, type Parser, reject } from "./parsers.ts";

/** What may stand behind the question mark: nothing that would undo the keeper's own settings of the connection. */
const PARAMETERS: ReadonlySet<string> = new Set(["sslmode", "sslcert", "sslkey", "sslrootcert", "host", "port"]);

/** The URL of a PostgreSQL database; a secret, so nothing of it is repeated. */
export const parseDatabaseUrl: Parser<string> = (raw) => {
  const expected = "the URL of a PostgreSQL database: postgresql://user:password@host:port/database";
  const text = typeof raw === "string" ? raw.trim() : "";
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(text)) return reject(expected);
  const { pathname, searchParams, hash } = new URL(text);
  if (pathname.length < 2 || hash !== "") return reject(`${expected}, with the database's name and without a fragment`);
  const isKnown = [...searchParams.keys()].every((name) => PARAMETERS.has(name));
  return isKnown ? accept(text) : reject(`${expected}, with no other parameters than ${[...PARAMETERS].join(", ")}`);
};

/** The name of a schema: a word that needs no quotes in SQL and is none of PostgreSQL's own. */
export const parseSchema: Parser<string> = (raw) => {
  const isName = typeof raw === "string" && /^[a-z_][a-z0-9_]{0,62}$/.test(raw) && !raw.startsWith("pg_");
  return isName ? accept(raw) : reject("a word of lower-case letters, digits and _, of at most 63, not pg_…");
};
