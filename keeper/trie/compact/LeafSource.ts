import type { NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";

/** Leaves that an empty store is filled with, by rising key. */
export interface LeafSource {
  readonly count: number;
  /** Bytes of their records. */
  readonly bytes: number;
  /** Whether {@link LeafSource.create} writes the keys, too. */
  readonly hasKeys: boolean;
  /** Makes the leaf with this number; called once for each, in order. */
  readonly create: (memory: NodeMemory, at: number) => NodeId;
}
