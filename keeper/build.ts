import manifest from "../package.json" with { type: "json" };

/** The version of this program, as recordings and evidence name it. */
export const BUILD = manifest.version;
