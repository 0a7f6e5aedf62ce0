import { defineConfig } from "vite";

/** `dashboard/dist`, which the keeper serves at `/`. For work on it: `npx vite dashboard`, beside `npm start`. */
export default defineConfig({
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // The keeper's content policy allows no data URLs for scripts, and needs no maps.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  server: { host: "127.0.0.1", proxy: { "/v1": "http://127.0.0.1:9464" } },
});
