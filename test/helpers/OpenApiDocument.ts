import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

/** An OpenAPI 3.1 document as served, which answers are held against: what it does not name is refused as well. */
export class OpenApiDocument {
  readonly paths: ReadonlyMap<string, Operation>;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #seen = new Set<string>();

  constructor(document: unknown) {
    const { paths, openapi } = document as { openapi: string; paths: Record<string, { get: Operation }> };
    if (!openapi.startsWith("3.1.")) throw new Error(`OpenAPI ${openapi}`);
    this.paths = new Map(Object.entries(paths).map(([path, { get }]) => [path, get]));
  }

  static async of(url: string): Promise<OpenApiDocument> {
    return new OpenApiDocument(await (await fetch(`${url}/v1/openapi.json`)).json());
  }

  /** `path status` of everything that was held against it. */
  get seen(): ReadonlySet<string> {
    return this.#seen;
  }

  /** What is wrong with an answer; null where it is as promised. */
  check(path: string, status: number, body: unknown): string | null {
    const key = `${path} ${status}`;
    this.#seen.add(key);
    const schema = Object.values(this.paths.get(path)?.responses[String(status)]?.content ?? {})[0]?.schema;
    if (schema === undefined) return `${key} is not in the document`;
    const validate = this.#validators.get(key) ?? this.#ajv.compile(closed(schema) as object);
    this.#validators.set(key, validate);
    return validate(body) ? null : `${key}: ${this.#ajv.errorsText(validate.errors)}`;
  }
}

/** The schema with no room for fields that it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return "properties" in inner && inner["type"] === "object" ? { ...inner, additionalProperties: false } : inner;
}
