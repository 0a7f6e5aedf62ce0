import { type Migration, MIGRATIONS } from "../../../keeper/store/migrations.ts";

/** A version after the present one: what a later Lockstep might do to the tables. */
export const NEXT_MIGRATIONS: readonly Migration[] = [
  ...MIGRATIONS,
  {
    version: MIGRATIONS.length + 1,
    name: "test: notes",
    statements: () => [
      "alter table journal add column note text",
      "update journal set note = kind",
      "create table notes (id integer not null primary key)",
    ],
  },
];

/** The same, and one more that calls `midway` when the statements before it have been executed. */
export function interrupted(midway: () => readonly string[]): readonly Migration[] {
  return [...NEXT_MIGRATIONS, { version: NEXT_MIGRATIONS.length + 1, name: "test: interrupted", statements: midway }];
}
