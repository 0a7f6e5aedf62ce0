import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A key and its certificate: PEM texts, and the files that hold them. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
  readonly keyPath: string;
  readonly certPath: string;
}

/** Certificates made by openssl for one test run, in a folder of its own. */
export interface Certificates {
  readonly directory: string;
  /** The authority that signed `server` and `client`. */
  readonly ca: Identity;
  /** For 127.0.0.1 and localhost. */
  readonly server: Identity;
  readonly client: Identity;
  /** A server by a name that nobody asks for, of the same authority. */
  readonly misnamed: Identity;
  /** A client of another authority. */
  readonly stranger: Identity;
  remove(): void;
}

const DAYS = "2";

/** Makes an authority, what it vouches for, and a stranger. */
export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), "lockstep-tls-"));
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: directory, stdio: "pipe" });
  };
  const read = (name: string): Identity => {
    const [keyPath, certPath] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
    return { keyPath, certPath, key: readFileSync(keyPath, "utf8"), cert: readFileSync(certPath, "utf8") };
  };
  const makeKey = (name: string): void =>
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`);
  const makeAuthority = (name: string): Identity => {
    makeKey(name);
    openssl(
      "req",
      "-x509",
      "-new",
      "-key",
      `${name}.key`,
      "-days",
      DAYS,
      "-subj",
      `/CN=${name}`,
      "-out",
      `${name}.crt`,
    );
    return read(name);
  };
  const make = (name: string, authority: string, names: string): Identity => {
    makeKey(name);
    openssl("req", "-new", "-key", `${name}.key`, "-subj", `/CN=${name}`, "-out", `${name}.csr`);
    writeFileSync(join(directory, `${name}.ext`), `subjectAltName=${names}\n`);
    const signedBy = ["-CA", `${authority}.crt`, "-CAkey", `${authority}.key`, "-CAcreateserial"];
    const files = ["-in", `${name}.csr`, "-extfile", `${name}.ext`, "-out", `${name}.crt`];
    openssl("x509", "-req", "-days", DAYS, ...signedBy, ...files);
    return read(name);
  };
  const ca = makeAuthority("ca");
  makeAuthority("other");
  return {
    directory,
    ca,
    server: make("server", "ca", "IP:127.0.0.1,DNS:localhost"),
    client: make("client", "ca", "DNS:keeper"),
    misnamed: make("misnamed", "ca", "DNS:elsewhere.example"),
    stranger: make("stranger", "other", "DNS:keeper"),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
