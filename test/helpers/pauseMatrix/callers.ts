import type { Stage } from "./stage.ts";

/** Who a row is about. */
export type Caller = keyof typeof CALLER_NOTES;

/** What each caller is, for the document. */
export const CALLER_NOTES = {
  anyone: "whoever it is; tried as somebody who is nothing in the protocol",
  "the owner": "of the account",
  pauser: "the pause key of an active keeper",
  "bond owner": "who gets a keeper's bond back",
  carrier: "who posted the checkpoint",
  challenger: "who convicted a keeper",
  governance: "who holds the function's role: people, with the delay of the role",
  deployer: "who deployed the contract, and holds every role of people besides",
  "anyone else":
    "everybody who has no row of the function: a stranger, owners of accounts, a keeper's pauser, its attester and its bond owner, a carrier, a challenger, governance",
} as const;

/** Everybody who is somebody, to try what is for others. The attester never sends anything; here it would. */
export function castOf({ stranger, flat, long, rich, carrier, challenger, bondOwner, admin, fresh }: Stage): string[] {
  const people = [stranger, flat, long, rich, carrier, challenger, bondOwner, admin, fresh.pauser, fresh.attester];
  return people.map(({ address }) => address);
}
