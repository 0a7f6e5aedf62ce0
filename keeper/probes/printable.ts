/** A text of a server's, as it may be shown on a terminal: without control characters, and cut to a length. */
export function printable(text: string, maxLength: number): string {
  // eslint-disable-next-line no-control-regex -- what is removed
  return text.slice(0, maxLength).replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ");
}
