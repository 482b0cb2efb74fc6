/** Asks at most once in `ttlMs`, and gives the last result in between. A failure is not remembered. */
export function cached<T>(
  check: () => Promise<T>,
  options: { ttlMs: number; now: () => number },
): () => Promise<T> {
  let last: { at: number; result: Promise<T> } | undefined;
  return () => {
    if (!last || options.now() - last.at > options.ttlMs) {
      const fresh = { at: options.now(), result: check() };
      fresh.result.catch(() => {
        if (last === fresh) last = undefined;
      });
      last = fresh;
    }
    return last.result;
  };
}
