/**
 * Loaded before a program of the benchmark (`node --import`): however the parent ends, this process ends with it, because the
 * channel between the two closes.
 */
process.once("disconnect", () => {
  process.exit(1);
});
// To listen is no reason to live on when the program itself is done.
process.channel?.unref();
