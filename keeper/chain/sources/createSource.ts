import { KeeperError } from "../../errors/KeeperError.ts";
import { redactUrl } from "../../lib/redact.ts";
import { DuplexSource } from "./DuplexSource.ts";
import { HttpSource } from "./HttpSource.ts";
import type { Source, SourceDeps, SourceOptions } from "./Source.ts";
import { toSourceSettings } from "./SourceSettings.ts";
import { openIpcChannel } from "./ipcChannel.ts";
import { parseSourceUrl } from "../../lib/parseSourceUrl.ts";
import { openWebSocketChannel } from "./webSocketChannel.ts";

/**
 * The source for a URL, by its scheme; it does nothing until it is opened.
 *
 * @throws KeeperError `SourceUrlInvalid` when no transport can reach the URL.
 */
export function createSource(options: SourceOptions, deps: SourceDeps): Source {
  const settings = toSourceSettings(deps, options.url);
  const target = parseSourceUrl(options.url);
  if (target === undefined) {
    const url = redactUrl(options.url);
    const message = `source ${options.id}: ${url} is neither http(s)://, ws(s):// nor the path of an IPC socket`;
    throw new KeeperError("SourceUrlInvalid", message, { source: options.id, url });
  }
  if (target.kind === "http") return new HttpSource(options, target.url, settings);
  const { maxAnswerBytes } = settings;
  if (target.kind === "ipc") {
    return new DuplexSource(options, (events) => openIpcChannel(target.path, maxAnswerBytes, events), settings);
  }
  const { href } = target.url;
  return new DuplexSource(options, (events) => openWebSocketChannel(href, maxAnswerBytes, events), settings);
}
