import { randomBytes } from "node:crypto";

/** Shorter texts stand in other ones by chance. */
const MIN_LENGTH = 8;

/** Secrets that a test hands out, and whether a text tells one of them. */
export class Planted {
  readonly #secrets = new Map<string, string>();

  /** A new secret under a name: letters and digits, as providers make their keys. */
  key(name: string): string {
    return this.add(name, randomBytes(16).toString("hex"));
  }

  /** A new secret with characters that URLs, JSON and shells write in another way. */
  password(name: string): string {
    return this.add(name, `${randomBytes(6).toString("hex")}/+?&"'@:% ä${randomBytes(6).toString("hex")}`);
  }

  /** A secret that was made elsewhere. */
  add(name: string, secret: string): string {
    if (secret.length < MIN_LENGTH) throw new Error(`${name} is too short to be looked for`);
    this.#secrets.set(name, secret);
    return secret;
  }

  /** Names of the secrets that stand in a text: as they are, percent-encoded, as JSON, in hex, or in base64 at any offset. */
  foundIn(text: string): string[] {
    const lower = text.toLowerCase();
    const names = [...this.#secrets].filter(([, secret]) =>
      spellings(secret).some((spelling) => text.includes(spelling) || lower.includes(spelling.toLowerCase())),
    );
    return names.map(([name]) => name);
  }
}

/** The ways in which a secret may be written. */
function spellings(secret: string): string[] {
  const bare = secret.replace(/^0x/, "");
  const bytes = Buffer.from(secret, "utf8");
  const percent = encodeURIComponent(secret);
  const base64 = [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    // The first and the last characters depend on what stands beside it.
    const inner = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    return [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
  });
  const url = new URL("http://h");
  url.password = secret.replaceAll("%", "%25");
  const json = JSON.stringify(secret).slice(1, -1);
  const isHex = /^[0-9a-f]+$/i.test(bare) && bare.length % 2 === 0;
  const binary = isHex ? [Buffer.from(bare, "hex").toString("base64").replace(/=*$/, "").slice(0, -1)] : [];
  return [
    ...new Set([secret, bare, percent, url.password, json, encodeURIComponent(percent), bytes.toString("hex")]),
    ...base64,
    ...binary,
  ];
}
