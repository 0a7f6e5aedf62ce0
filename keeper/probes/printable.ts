/** A text of a server's, as it may be shown on a terminal: without controls and what reorders text, and cut to a length. */
export function printable(text: string, maxLength: number): string {
  return text
    .slice(0, maxLength)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}
