/**
 * The same pure function, which keeps its last `max` results by its arguments, as JSON; the least recently used goes
 * first. For what is asked again and again of few texts.
 */
export function remember<Given extends readonly unknown[], Result>(
  work: (...given: Given) => Result,
  { max }: { max: number },
): (...given: Given) => Result {
  const kept = new Map<string, Result>();
  return (...given) => {
    const key = JSON.stringify(given);
    const known = kept.get(key) ?? work(...given);
    kept.delete(key);
    kept.set(key, known);
    const [oldest] = kept.keys();
    if (kept.size > max && oldest !== undefined) kept.delete(oldest);
    return known;
  };
}
