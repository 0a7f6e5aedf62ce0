import type { Books } from "../../books/Books.ts";
import type { CustodyPoll } from "../CustodyPoll.ts";
import type { Follower } from "../Follower.ts";
import type { Judge } from "../Judge.ts";
import type { KeeperOptions } from "../KeeperOptions.ts";
import type { Outbox } from "../Outbox.ts";
import type { QuorumView } from "./QuorumView.ts";
import type { Rotation } from "./Rotation.ts";
import type { Signing } from "./Signing.ts";
import type { StatementBook } from "./StatementBook.ts";

/** What the parts of the quorum work with. */
export interface QuorumContext {
  readonly options: KeeperOptions;
  readonly books: Books;
  readonly judge: Judge;
  readonly follower: Follower;
  readonly outbox: Outbox;
  readonly book: StatementBook;
  readonly signing: Signing;
  readonly rotation: Rotation;
  readonly custody: Pick<CustodyPoll, "shortOf">;
  /** What the books say at their newest block; null before the first one. */
  readonly view: () => QuorumView | null;
}
