import type { SourceFault } from "./SourceFault.ts";

/** A connection that carries JSON texts both ways. */
export interface Channel {
  /** Sends one text. Only called between `onOpen` and `onClose`. */
  send(text: string): void;
  /** Drops the connection; `onClose` need not follow. */
  destroy(): void;
}

/** What a channel tells its owner. */
export interface ChannelEvents {
  onOpen(): void;
  onText(text: string): void;
  /** The connection is gone, for good. Told once; nothing follows. */
  onClose(fault: SourceFault): void;
}

/** Starts to connect. */
export type OpenChannel = (events: ChannelEvents) => Channel;
