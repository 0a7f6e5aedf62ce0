import { printable } from "./printable.ts";
import { redactText } from "./redact.ts";

/** Words of a server or a library, as they may stand in a message: {@link printable}, and with the URLs in them redacted. */
export function quoteForeign(text: string, maxLength: number): string {
  // What is cut off first could be the half of a URL by which its secret is known.
  return printable(redactText(printable(text, 4 * maxLength)), maxLength);
}
