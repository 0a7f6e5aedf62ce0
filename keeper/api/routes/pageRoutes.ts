import { existsSync } from "node:fs";
import { join } from "node:path";

import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

import { ApiProblem } from "../problems.ts";

/** Nothing is loaded from elsewhere, and nothing runs that is not a file of the page. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * The dashboard at `/`: exactly the files that are there now. Where it was not built, `/` says so.
 *
 * @param folder of the built page
 */
export async function addPageRoutes(app: FastifyInstance, folder: string): Promise<void> {
  if (!existsSync(join(folder, "index.html"))) {
    app.get("/", { schema: { hide: true } }, () => {
      throw new ApiProblem(
        404,
        "NoDashboard",
        "the dashboard was not built: npm run build:dashboard, then start the keeper again",
      );
    });
    return;
  }
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("content-security-policy", CONTENT_POLICY);
    return Promise.resolve();
  });
  await app.register(fastifyStatic, {
    ...{ root: folder, wildcard: false, index: "index.html", redirect: false, dotfiles: "deny", list: false },
    cacheControl: false,
    setHeaders: (reply, path) => {
      // The names of assets hold their digests.
      const isNamedByDigest = path.includes(`${folder}/assets/`);
      reply.header("cache-control", isNamedByDigest ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
}
