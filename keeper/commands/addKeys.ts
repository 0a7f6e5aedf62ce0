import { Option } from "commander";

import { KEY_ROLES } from "../config/KeyConfig.ts";
import type { AddCommand } from "./AddCommand.ts";
import { addSettingsCommand } from "./addSettingsCommand.ts";

/** `keys rotate`. */
export const addKeys: AddCommand = (program, ...to) => {
  const keys = program.command("keys").description("the keys that a keeper signs with");
  const rotate = {
    name: "rotate",
    description: "check a new key, and say in which order to change to it without a gap; sends nothing without --send",
    options: [
      new Option("--role <role>", "which key").choices(KEY_ROLES).makeOptionMandatory(),
      new Option("--new-key-file <path>", "file with the new private key"),
      new Option("--new-keystore <path>", "encrypted keystore of the new key"),
      new Option("--new-keystore-password-file <path>", "file with the password of --new-keystore"),
      new Option("--new-address <address>", "address of the new key at --signer-url"),
      new Option(
        "--new-other-address <address>",
        "with --role pause the new attest key, with --role attest the new pause key",
      ),
      new Option("--owner <address>", "who is to own the new bond (default: the owner of the old one)"),
      new Option("--send", "send the steps that the bond's owner may send").default(false),
      new Option("--leave", "with --send: let the old keeper leave too, as the new one was seen to be ready").default(
        false,
      ),
      new Option("--owner-key-file <path>", "with --send: file with the private key of the bond's owner"),
      new Option("--yes", "do not ask").default(false),
    ],
    load: async () => (await import("./keysRotate.ts")).rotateKey,
  };
  addSettingsCommand(keys, rotate, to);
};
