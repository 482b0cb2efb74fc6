import { RUN_STATES } from '../../domain/run.ts';
import type { RunsFilter } from './runs-page.ts';

/** The number that a path or query text says, or undefined: 1 to 999,999,999, nothing else around it. */
export function parseNumber(text: unknown): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

/** What cannot be meant is left out. */
export function parseRunsFilter(query: Readonly<Record<string, unknown>>): RunsFilter {
  const { state, repository } = query;
  const before = parseNumber(query.before);
  const states: readonly unknown[] = [...RUN_STATES, 'attention'];
  const name = typeof repository === 'string' ? repository.trim() : '';
  return {
    ...(typeof state === 'string' && states.includes(state) ? { state } : {}),
    ...(name !== '' && name.length <= 200 ? { repository: name } : {}),
    ...(before === undefined ? {} : { before }),
  };
}

/** The line after which a reader wants to go on; a reconnecting browser's own word comes first. */
export function parseAfter(lastEventId: unknown, after: unknown): number {
  return parseNumber(lastEventId) ?? parseNumber(after) ?? 0;
}

/** A text of the query, or undefined when it is absent, empty or given twice. */
export function parseText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 200 ? value : undefined;
}
