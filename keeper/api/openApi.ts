import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";

const DESCRIPTION = `What a Lockstep keeper knows, for reading. Nothing on it can act.

What is read from the books carries the block, its hash and the root over the storage roots under which it was proven (\`provenAt\`);
where the books are not proven to equal the chain there is no answer but a problem with status 503 that says why. The header
\`Age\` says how many seconds ago the block was judged, \`ETag\` is the hash of the block.

Whole numbers that may not fit a double are strings of decimal digits. Text that comes from the chain or from sources is as it
came: escape it before it is shown.`;

/** The document's head; the routes' own schemas are the rest. */
export function openApiOptions(): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Lockstep keeper", version: "1", description: DESCRIPTION },
      tags: [
        { name: "keeper", description: "the keeper itself: it needs no proven books" },
        { name: "accounts", description: "accounts and positions, proven" },
        { name: "instruments", description: "instruments and totals, proven" },
        { name: "sync", description: "pauses and checkpoints, proven" },
        { name: "incidents", description: "divergences and their evidence" },
      ],
    },
  };
}
