const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MINUS = "−";

/** Hash or account, its ends only. */
export function short(hex: string): string {
  return hex.length <= 14 ? hex : `${hex.slice(0, 8)}…${hex.slice(-4)}`;
}

/**
 * A whole number of smallest units as people read it, cut off towards zero.
 *
 * @param decimals of one unit
 * @param places shown after the point
 */
export function units(value: string, decimals = 18, places = 2): string {
  const amount = BigInt(value);
  const isNegative = amount < 0n;
  const digits = (isNegative ? -amount : amount).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = places === 0 ? "" : `.${digits.slice(digits.length - decimals).slice(0, places)}`;
  const isZero = !/[1-9]/.test(whole + fraction);
  return `${isNegative && !isZero ? MINUS : ""}${whole}${fraction}`;
}

/** Parts per million as a percentage. */
export function percent(ppm: string, places = 2): string {
  return `${units(ppm, 4, places)} %`;
}

/** A time span, its largest unit or two. */
export function span(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ${Math.floor((ms % MINUTE) / SECOND)} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

/** Milliseconds with as many digits as say something. */
export function milliseconds(value: number | null): string {
  if (value === null) return "–";
  return `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US")} ms`;
}

/** Date and time in the reader's own zone, to the second. */
export function moment(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** The same of the chain's seconds, in decimal digits. */
export function chainMoment(seconds: string): string {
  return moment(Number(seconds) * SECOND);
}

/** A height. */
export function height(number: number | string): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}
