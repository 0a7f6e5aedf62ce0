import type { KeeperOptions } from "./KeeperOptions.ts";

/** The options of a core that only watches for as long as it does not lead. */
export function whileStandby(options: KeeperOptions, isLeading: () => boolean): KeeperOptions {
  const { policy } = options;
  const watching = { ...policy, mode: "watch" } as const;
  return {
    ...options,
    get policy() {
      return isLeading() ? policy : watching;
    },
  };
}
