/** What an answer came to for a part that it was offered to: somebody else's question, or an own one, with or without anything new in it. */
export type Heard = "not-ours" | "nothing-new" | "new";
