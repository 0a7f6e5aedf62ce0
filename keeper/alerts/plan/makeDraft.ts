import { cleanText } from "./cleanText.ts";
import type { NoticeDraft } from "./Notice.ts";

const MAX_TITLE = 150;
const MAX_DETAIL = 2_000;
const MAX_FIELDS = 16;
const MAX_FIELD_NAME = 40;
const MAX_FIELD = 300;
const MAX_WORD = 100;

/** What a draft is made of; a field without a value is left out. */
export interface DraftParts extends Omit<NoticeDraft, "fields"> {
  readonly fields?: Readonly<Record<string, string | number | null | undefined>>;
}

/** A draft whose texts are clean and bounded, whatever they were made of. */
export function makeDraft({ fields = {}, ...parts }: DraftParts): NoticeDraft {
  return {
    ...parts,
    key: cleanText(parts.key, MAX_WORD),
    event: cleanText(parts.event, MAX_WORD),
    state: cleanText(parts.state, MAX_WORD),
    title: cleanText(parts.title, MAX_TITLE),
    detail: cleanText(parts.detail, MAX_DETAIL),
    fields: cleanFields(fields),
  };
}

/** Fields without those that have no value, cleaned and bounded in number. */
export function cleanFields(
  fields: Readonly<Record<string, string | number | null | undefined>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .slice(0, MAX_FIELDS)
    .map(([name, value]) => [cleanText(name, MAX_FIELD_NAME), cleanText(String(value), MAX_FIELD)] as const);
  return Object.fromEntries(entries);
}
