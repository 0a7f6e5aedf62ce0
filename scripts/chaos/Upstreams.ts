import { parseSourceUrl } from "../../keeper/lib/parseSourceUrl.ts";
import { redactUrl } from "../../keeper/lib/redact.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";

/** Where a node is reached. */
export interface Upstream {
  readonly http: URL;
  readonly ws: URL;
}

/** A node that serves HTTP and WebSocket at one port, by either URL; or `httpUrl|wsUrl`. */
export type UpstreamUrl = string;

/**
 * The nodes behind the proxy, by index, and the one that answers when no rule says otherwise.
 */
export class Upstreams {
  readonly #all: Upstream[];
  #current = 0;
  #turn = 0;

  /** @throws KeeperError `ChaosUpstream` for none, or what is no URL of a node */
  constructor(urls: readonly UpstreamUrl[]) {
    if (urls.length === 0) throw new KeeperError("ChaosUpstream", "no upstream: give the URL of at least one node");
    this.#all = urls.map((url) => parseUpstream(url));
  }

  get count(): number {
    return this.#all.length;
  }

  get current(): number {
    return this.#current;
  }

  /** @throws KeeperError `ChaosUpstream` */
  get(index: number): Upstream {
    const upstream = this.#all[index];
    if (upstream !== undefined) return upstream;
    throw new KeeperError("ChaosUpstream", `no upstream ${index}: there are ${this.count}, counted from 0`, { index });
  }

  /** Lets the node at an index answer, or another node in place of the current one. */
  set(upstream: number | UpstreamUrl): void {
    if (typeof upstream === "string") this.#all[this.#current] = parseUpstream(upstream);
    else {
      this.get(upstream);
      this.#current = upstream;
    }
  }

  /** The next of these, or of all, in turn. */
  next(indices: readonly number[] | undefined): number {
    const turn = this.#turn;
    this.#turn += 1;
    return indices === undefined || indices.length === 0 ? turn % this.count : (indices[turn % indices.length] ?? 0);
  }
}

function parseUpstream(text: UpstreamUrl): Upstream {
  const parts = text.split("|").map((part) => parseSourceUrl(part.trim()));
  const [first, second = first] = parts;
  const isKnown = first !== undefined && first.kind !== "ipc" && second !== undefined && second.kind !== "ipc";
  if (!isKnown || parts.length > 2 || (parts.length === 2 && (first.kind !== "http" || second.kind !== "webSocket"))) {
    const shown = text.split("|").map(redactUrl).join("|");
    const expected = "http(s)://…, ws(s)://…, or both as http://…|ws://…";
    throw new KeeperError("ChaosUpstream", `${shown} is no upstream: expected ${expected}`, { shown });
  }
  return { http: withScheme(first.url, "http"), ws: withScheme(second.url, "ws") };
}

function withScheme(url: URL, scheme: "http" | "ws"): URL {
  const isSecure = url.protocol === "https:" || url.protocol === "wss:";
  return new URL(url.href.replace(/^[a-z]+:/, isSecure ? `${scheme}s:` : `${scheme}:`));
}
