import { ForgeError } from '../forge.ts';
import type { Answer, ApiCall } from './client.ts';

export const PAGE_SIZE = 100;
/** Pages that are kept, of all lists together. */
const MAX_KEPT = 1_000;

export type PagesOptions = {
  /** Finds the list where it is wrapped. */
  readonly pick?: (data: unknown) => unknown;
  /** What of a row is needed. With it the list is asked conditionally: unchanged it costs nothing of the limit. */
  readonly keep?: (row: unknown) => unknown;
};

type Kept = {
  /** The very question: only what answers it may stand in for a 304. */
  readonly asked: string;
  readonly etag: string;
  readonly rows: readonly unknown[];
  readonly hasNext: boolean;
};

export type ReadPages = (
  repository: string,
  call: ApiCall,
  options?: PagesOptions,
) => AsyncGenerator<unknown>;

/**
 * All pages of a list. What catch-up lists each minute has mostly not changed: GitHub then answers 304, which is free,
 * where a list of each repository would soon use up the 5,000 requests of an hour.
 */
export function createReadPages(
  ask: (repository: string, call: ApiCall) => Promise<Answer>,
): ReadPages {
  const kept = new Map<string, Kept>();
  const remember = (key: string, page: Kept) => {
    kept.delete(key);
    kept.set(key, page);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  };

  return async function* pages(repository, call, { pick = (data: unknown) => data, keep } = {}) {
    for (let page = 1; ; page += 1) {
      const parameters = { ...call.parameters, per_page: PAGE_SIZE, page };
      const asked = JSON.stringify(parameters);
      // One place for a list, whatever moment it is asked from: marks move on, and old pages must not pile up.
      const place = JSON.stringify([repository, call.route, { ...parameters, since: undefined }]);
      const there = keep && kept.get(place);
      const known = there?.asked === asked ? there : undefined;
      const headers = known ? { headers: { 'if-none-match': known.etag } } : {};
      const answer = await ask(repository, { ...call, parameters: { ...parameters, ...headers } });
      const fresh =
        known && answer.status === 304 ? known : { asked, ...read(answer, call, { pick, keep }) };
      if (keep && fresh.etag !== '') remember(place, fresh);
      yield* fresh.rows;
      if (!fresh.hasNext) return;
    }
  };
}

function read(
  { data, headers }: Answer,
  { route }: ApiCall,
  { pick, keep }: { pick: (data: unknown) => unknown; keep: PagesOptions['keep'] },
): Omit<Kept, 'asked'> {
  const list = pick(data);
  if (!Array.isArray(list)) throw new ForgeError('unexpected', `${route}: the answer is no list`);
  return {
    etag: headers.etag ?? '',
    rows: keep ? list.map((row: unknown) => keep(row)) : list,
    hasNext: /rel="next"/.test(headers.link ?? ''),
  };
}
