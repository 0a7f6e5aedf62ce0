import { createParser } from "eventsource-parser";

import type { EventData } from "../keeper/api/schemas/status.ts";

/** Something that happened to a keeper. */
export type StreamedEvent = {
  readonly [Name in keyof EventData]: { readonly event: Name; readonly data: EventData[Name] };
}[keyof EventData];

const SILENCE_MS = 15_000;
/** Characters of one event; what is longer is no keeper's. */
const MAX_EVENT = 16 * 1024 * 1024;

/** The events of a stream until it ends, is silent for too long, or the signal ends it. */
export async function* readEvents(
  open: (signal: AbortSignal) => Promise<Response>,
  { signal, silenceMs = SILENCE_MS }: { readonly signal?: AbortSignal; readonly silenceMs?: number },
): AsyncGenerator<StreamedEvent> {
  const end = new AbortController();
  const onAbort = (): void => end.abort();
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted === true) end.abort();
  let timer = setTimeout(onAbort, silenceMs);
  try {
    const { body } = await open(end.signal);
    if (body === null) return;
    const events: StreamedEvent[] = [];
    const parser = createParser({
      maxBufferSize: MAX_EVENT,
      onEvent: ({ event, data }) => {
        events.push({ event, data: JSON.parse(data) as never } as StreamedEvent);
      },
    });
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(onAbort, silenceMs);
      parser.feed(value);
      yield* events.splice(0);
    }
  } catch (error: unknown) {
    // Its end, whoever made it.
    if (!end.signal.aborted && !(error instanceof TypeError)) throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    end.abort();
  }
}
