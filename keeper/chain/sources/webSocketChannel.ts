import { WebSocket } from "ws";
import type { RawData } from "ws";
import type { Channel, ChannelEvents } from "./Channel.ts";
import { toStatusFault } from "./HttpPoster.ts";
import { quote, toConnectionFault } from "./SourceFault.ts";
import type { SourceFault } from "./SourceFault.ts";
import { decodeUtf8, tooLong } from "./jsonRpc.ts";

/** What `ws` reports when a message exceeds `maxPayload`. */
const TOO_LONG = "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";

/** A channel over a WebSocket: one JSON text a message. */
export function openWebSocketChannel(url: string, maxAnswerBytes: number, events: ChannelEvents): Channel {
  // Compression would let a small message unfold past the cap's purpose, and costs latency on every head.
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: maxAnswerBytes,
    followRedirects: false,
    // Looked at here, as some nodes send their JSON as binary messages, which the library would let pass.
    skipUTF8Validation: true,
  });
  let isOver = false;
  const finish = (fault: SourceFault): void => {
    if (isOver) return;
    isOver = true;
    socket.terminate();
    events.onClose(fault);
  };
  socket.on("open", () => {
    if (!isOver) events.onOpen();
  });
  socket.on("message", (data) => {
    if (isOver) return;
    const decoded = decodeUtf8(toBytes(data));
    if (decoded.ok) events.onText(decoded.text);
    else finish(decoded.fault);
  });
  socket.on("unexpected-response", (request, response) => {
    request.destroy();
    const status = response.statusCode ?? 0;
    finish(toStatusFault(status, `the upgrade was answered with HTTP ${status}`, response.headers, ""));
  });
  // The listener stays after the end: terminating a socket that still connects raises one more error.
  socket.on("error", (error: Error & { code?: unknown }) => {
    if (error.code === TOO_LONG) finish(tooLong(maxAnswerBytes));
    else finish(toConnectionFault(error));
  });
  socket.on("close", (closeCode, reason) => {
    const words = quote(reason.toString("utf8"));
    const suffix = words === "" ? "" : `: ${words}`;
    finish({
      code: "SourceClosed",
      reason: `the socket closed with code ${closeCode}${suffix}`,
      payload: { closeCode },
    });
  });
  return {
    send: (text) => socket.send(text),
    destroy: () => {
      isOver = true;
      socket.terminate();
    },
  };
}

function toBytes(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
