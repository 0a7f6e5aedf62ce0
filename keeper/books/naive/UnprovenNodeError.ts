import { KeeperError } from "../../errors/KeeperError.ts";

/**
 * A node that was served is not the one that its parent, or the proven root, names: whoever keeps the nodes is wrong about
 * them, and nothing was learnt of the chain. Payload: the digits of the path, and the reference that was asked for.
 */
export class UnprovenNodeError extends KeeperError {
  declare readonly code: "UnprovenNode";

  constructor(path: string, reference: string, options?: ErrorOptions) {
    super("UnprovenNode", `the node at "${path}" is not the proven one`, { path, reference }, options);
    this.name = "UnprovenNodeError";
  }
}
