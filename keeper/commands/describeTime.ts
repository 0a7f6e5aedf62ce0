/** An instant in ISO 8601, of wall-clock milliseconds; what is no instant is said to be none. */
export function describeTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "at an unknown time" : date.toISOString();
}
