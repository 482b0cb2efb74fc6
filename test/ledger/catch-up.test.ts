import assert from 'node:assert/strict';
import { type CommentOnPull, type Forge, ForgeError } from '../../src/forges/forge.ts';
import { catchUp } from '../../src/maintenance/catch-up.ts';
import { onEveryLedger } from '../support/ledgers.ts';

const START = Date.UTC(2026, 10, 21);
const account = (id: string) => ({ id, login: id });

/** Of the forge, only what catch-up asks. Comments by repository; an `Error` is what the list answers. */
function stubForge(lists: Readonly<Record<string, Error | readonly CommentOnPull[]>>): Forge {
  const stub: Pick<Forge, 'name' | 'whoAmI' | 'listComments'> = {
    name: 'acme',
    whoAmI: () => Promise.resolve(account('bot')),
    async *listComments(repository) {
      const list = lists[repository] ?? [];
      if (list instanceof Error) throw list;
      yield* list;
    },
  };
  return stub as Forge;
}

function comment(id: string, atMs: number): CommentOnPull {
  const at = new Date(START + atMs);
  const fields = { body: '!testme', url: '', createdAt: at, updatedAt: at };
  return { pull: 1, comment: { id, author: account('alice'), ...fields } };
}

onEveryLedger('a repository that cannot be read does not hold up the others', async (ledger) => {
  const taken: string[] = [];
  const run = (lists: Parameters<typeof stubForge>[0], now: number) =>
    catchUp({
      ledger,
      forge: stubForge(lists),
      repositories: ['acme/gone', 'acme/shop'],
      now: () => now,
      take: (_forge, event) => Promise.resolve(taken.push(event.comment.id)),
    });
  await run({}, START);
  const gone = new ForgeError('not_found', 'GET /repos/acme/gone/issues/comments: 404');
  await assert.rejects(
    run({ 'acme/gone': gone, 'acme/shop': [comment('7', 1_000)] }, START + 2_000),
    /acme\/gone/,
  );
  assert.deepEqual(taken, ['7']);
});
