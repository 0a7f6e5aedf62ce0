import { format, resolveConfig } from "prettier";

/** Formats generated TypeScript as the project does; `path` is where it will stand. */
export async function formatModule(source: string, path: string): Promise<string> {
  const config = (await resolveConfig(path)) ?? { printWidth: 120, trailingComma: "all" };
  return await format(source, { ...config, parser: "typescript" });
}
