import { connect } from "node:net";
import type { Channel, ChannelEvents } from "./Channel.ts";
import { JsonFramer } from "./JsonFramer.ts";
import { toConnectionFault } from "./SourceFault.ts";
import type { SourceFault } from "./SourceFault.ts";
import { decodeUtf8, tooLong } from "./jsonRpc.ts";

/** A channel over a Unix socket (or Windows pipe), as geth, reth and Anvil serve it: JSON texts one after another. */
export function openIpcChannel(path: string, maxAnswerBytes: number, events: ChannelEvents): Channel {
  const socket = connect(path);
  const framer = new JsonFramer(maxAnswerBytes);
  let isOver = false;
  const finish = (fault: SourceFault): void => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    events.onClose(fault);
  };
  socket.on("connect", () => events.onOpen());
  socket.on("data", (chunk: Buffer) => {
    for (const event of isOver ? [] : framer.push(chunk)) {
      if (isOver) return;
      if (event.kind === "message") {
        const decoded = decodeUtf8(event.bytes);
        if (decoded.ok) events.onText(decoded.text);
        else finish(decoded.fault);
      } else if (event.kind === "oversized") {
        finish(tooLong(maxAnswerBytes));
      } else finish({ code: "SourceMalformed", reason: "the socket carries something that is no JSON" });
    }
  });
  socket.on("error", (error) => finish(toConnectionFault(error)));
  socket.on("close", () => finish({ code: "SourceClosed", reason: "the node closed the socket" }));
  return {
    send: (text) => void socket.write(`${text}\n`),
    destroy: () => {
      isOver = true;
      socket.destroy();
    },
  };
}
