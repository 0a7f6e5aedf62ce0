import type { AlertSinkConfig } from "../config/KeeperConfig.ts";
import { JsonSink } from "./JsonSink.ts";
import { PagerDutySink } from "./PagerDutySink.ts";
import type { Origin, Sink } from "./Sink.ts";
import { SlackSink } from "./SlackSink.ts";

/** The sinks of a configuration. */
export function createSinks(
  configs: readonly AlertSinkConfig[],
  { origin, wallNow }: { readonly origin: Origin; readonly wallNow: () => number },
): Sink[] {
  return configs.map((config) => {
    switch (config.kind) {
      case "slack":
        return new SlackSink({ name: config.name, url: config.url, origin });
      case "pagerduty": {
        const { name, routingKey, baseUrl } = config;
        return new PagerDutySink({ name, routingKey, baseUrl, origin });
      }
      case "json":
        return new JsonSink({ name: config.name, url: config.url, secret: config.secret, origin, wallNow });
    }
  });
}
