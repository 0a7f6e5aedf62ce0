import type { ConfigProblem } from "./ConfigProblem.ts";
import type { Origin } from "./KeeperConfig.ts";
import { KEY_ROLES, type KeyConfig, type KeyRole } from "./KeyConfig.ts";

/** Where each setting of the keys came from. */
type KeyOrigins = Readonly<Partial<Record<keyof KeyConfig, Origin>>>;

/**
 * What is wrong with the keys' settings taken together: a key that is in two places, or half of what a place needs. A
 * stronger place does not quietly win over another one here: which key signs must not depend on a forgotten variable.
 */
export function checkKeys(origins: KeyOrigins): ConfigProblem[] {
  /** The name under which a setting was given; undefined where it was not. */
  const nameOf = (key: keyof KeyConfig): string | undefined => {
    const origin = origins[key];
    return origin === undefined || origin.kind === "default" ? undefined : origin.name;
  };
  const needs = (key: keyof KeyConfig, other: keyof KeyConfig): ConfigProblem[] => {
    const name = nameOf(key);
    return name === undefined || nameOf(other) !== undefined ? [] : [{ name, expected: `given with ${other} only` }];
  };
  const problems = KEY_ROLES.flatMap((role) => {
    const [first, second] = placesOf(role).flatMap((key) => nameOf(key) ?? []);
    const isTwice = first !== undefined && second !== undefined;
    return [
      ...(isTwice ? [{ name: first, expected: `given together with ${second}; keep one of them` }] : []),
      ...needs(`${role}Keystore`, `${role}KeystorePasswordFile`),
      ...needs(`${role}KeystorePasswordFile`, `${role}Keystore`),
      ...needs(`${role}Address`, "signerUrl"),
    ];
  });
  problems.push(...needs("signerClientCert", "signerClientKey"), ...needs("signerClientKey", "signerClientCert"));
  for (const key of ["signerClientCert", "signerCa"] as const) problems.push(...needs(key, "signerUrl"));
  const url = nameOf("signerUrl");
  if (url !== undefined && KEY_ROLES.every((role) => nameOf(`${role}Address`) === undefined)) {
    problems.push({
      name: url,
      expected: "given with pauseAddress, attestAddress or postAddress: whose keys are there",
    });
  }
  return problems;
}

function placesOf(role: KeyRole): (keyof KeyConfig)[] {
  return [`${role}Key`, `${role}Keystore`, `${role}Address`];
}
