import { Agent, get, type IncomingMessage } from "node:http";

/** What event streams brought. */
export interface Listened {
  readonly streams: number;
  /** Verdicts that a stream was told of, the fewest and the most. */
  readonly verdicts: { readonly least: number; readonly most: number };
  /** Streams that ended before they were meant to. */
  readonly ended: number;
}

/** Opens event streams and counts what comes. */
export async function listen(url: string, count: number): Promise<{ end(): Listened }> {
  const agent = new Agent({ maxSockets: Infinity });
  const verdicts = Array.from({ length: count }, () => 0);
  let ended = 0;
  await Promise.all(
    verdicts.map(async (_, index) => {
      const response = await open(agent, `${url}/v1/events`);
      response.setEncoding("utf8").on("data", (text: string) => {
        if (text.includes("event: verdict\n")) verdicts[index] = (verdicts[index] ?? 0) + 1;
      });
      response.once("close", () => (ended += 1));
    }),
  );
  return {
    end: () => {
      const listened = {
        ...{ streams: count, ended },
        verdicts: { least: Math.min(...verdicts), most: Math.max(...verdicts) },
      };
      agent.destroy();
      return listened;
    },
  };
}

function open(agent: Agent, url: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(url, { agent }, (response) => {
    if (response.statusCode === 200) resolve(response);
    else reject(new Error(`${url} answers ${response.statusCode ?? 0}`));
  }).once("error", reject);
  return promise;
}
