/**
 * The bytes of an answer, of which no more are read than allowed.
 *
 * @throws what `tooLong` makes, when there are more
 */
export async function readBounded({ body }: Response, maxBytes: number, tooLong: () => Error): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
