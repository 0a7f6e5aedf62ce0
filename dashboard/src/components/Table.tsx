import type { ComponentChildren } from "preact";

import { short } from "../format.ts";

/** A table that scrolls sideways where it has to, also by keyboard. */
export function Table({
  caption,
  heads,
  children,
  isEmpty,
  empty,
}: {
  readonly caption: string;
  /** Those that begin with `#` are numbers, and stand to the right. */
  readonly heads: readonly string[];
  readonly children: ComponentChildren;
  readonly isEmpty?: boolean;
  /** What stands in place of rows. */
  readonly empty?: string;
}) {
  if (isEmpty === true) return <p class="none">{empty ?? "Nothing."}</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col" class={head.startsWith("#") ? "number" : undefined}>
                {head.replace(/^#/, "")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A hash or an address, whole in its title. */
export function Hex({ value }: { readonly value: string }) {
  return <code title={value}>{short(value)}</code>;
}

/** A word that is marked by how good it is; the word itself says it too. */
export function Badge({
  tone,
  children,
}: {
  readonly tone: "good" | "warn" | "bad" | "plain";
  readonly children: ComponentChildren;
}) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
