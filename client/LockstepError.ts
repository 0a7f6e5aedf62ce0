import type { Problem } from "../keeper/api/schemas/answers.ts";

/** Why a keeper gave no answer: its own code, or `Unreachable` where nobody answered, `NotAKeeper` where somebody else did. */
export class LockstepError extends Error {
  readonly code: string;
  /** Of HTTP; null where there was no answer. */
  readonly status: number | null;
  /** Seconds after which asking again may help; null where it will not. */
  readonly retryAfterSeconds: number | null;

  constructor(
    { code, detail, status }: Pick<Problem, "code" | "detail"> & { readonly status: number | null },
    retryAfterSeconds: number | null = null,
    options: ErrorOptions = {},
  ) {
    super(detail, options);
    this.name = "LockstepError";
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The error of an answer that is none. */
export async function errorOf(response: Response): Promise<LockstepError> {
  const { status, headers } = response;
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds : null;
  const text = await response.text().catch(() => "");
  try {
    const { code, detail } = JSON.parse(text) as Partial<Problem>;
    if (typeof code === "string" && typeof detail === "string")
      return new LockstepError({ code, detail, status }, retryAfter);
  } catch {
    // Said below.
  }
  const detail = `status ${status} and no problem document: is a keeper listening there?`;
  return new LockstepError({ code: "NotAKeeper", detail, status }, retryAfter);
}
