/** Gas limit of a soft pause: enough on every fork; never estimated, because an estimate can fail when it must not. */
export const PAUSE_GAS_LIMIT = 400_000n;
