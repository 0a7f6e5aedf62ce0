/** Where a source is reached, by transport. */
export type SourceTarget =
  | { readonly kind: "http"; readonly url: URL }
  | { readonly kind: "webSocket"; readonly url: URL }
  | { readonly kind: "ipc"; readonly path: string };

/** Reads a source URL. A text without a scheme is the path of an IPC socket when it looks like a path. */
export function parseSourceUrl(text: string): SourceTarget | undefined {
  if (!text.includes("://")) {
    const looksLikePath = /^(\.{0,2}\/|\\\\)/.test(text) || text.endsWith(".ipc") || text.endsWith(".sock");
    return looksLikePath ? { kind: "ipc", path: text } : undefined;
  }
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  url.hash = "";
  switch (url.protocol) {
    case "http:":
    case "https:":
      return { kind: "http", url };
    case "ws:":
    case "wss:":
      return { kind: "webSocket", url };
    case "ipc:":
    case "unix:":
      // The path is taken from the text, not from the URL, where it would be percent-encoded.
      return url.host === "" ? { kind: "ipc", path: text.slice(text.indexOf("://") + 3) } : undefined;
    default:
      return undefined;
  }
}
