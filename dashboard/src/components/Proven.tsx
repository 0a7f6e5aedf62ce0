import type { ComponentChildren } from "preact";

import type { ProvenAt } from "../../../client/index.ts";
import { height, short } from "../format.ts";
import type { Asked } from "../state/hooks.ts";

/** What the books say, with the block that proves it; or why they say nothing. */
export function Proven<Answer extends { readonly provenAt: ProvenAt }>({
  asked: { answer, problem },
  children,
}: {
  readonly asked: Asked<Answer>;
  readonly children: (answer: Answer) => ComponentChildren;
}) {
  if (problem !== null) {
    return (
      <p class="problem" role="status">
        <strong>Not proven.</strong> {problem.detail}
      </p>
    );
  }
  if (answer === null) return <p class="loading">Asking…</p>;
  const { number, hash, booksRoot } = answer.provenAt;
  return (
    <>
      {children(answer)}
      <p class="proof">
        Proven at block {height(number)} <code title={hash}>{short(hash)}</code>, books root{" "}
        <code title={booksRoot}>{short(booksRoot)}</code>
      </p>
    </>
  );
}
