/** Controls, formats (among them those that reorder text or are not seen), and separators of lines and paragraphs. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/**
 * A text from anywhere, as it may stand in a line: well formed, and with a space in place of what a terminal obeys, what reorders
 * other characters and what is not seen. Of a longer text `maxLength` characters (UTF-16 units) are left, and `…`.
 */
export function printable(text: string, maxLength: number): string {
  // A few unseen characters do not shorten what is seen, and a megabyte of them costs nothing.
  const plain = text
    .slice(0, 4 * maxLength)
    .toWellFormed()
    .replace(UNSAFE, " ");
  const isWhole = plain.length <= maxLength && text.length <= 4 * maxLength;
  return isWhole ? plain : `${plain.slice(0, maxLength).toWellFormed()}…`;
}
