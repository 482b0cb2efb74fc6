import { readFile } from 'node:fs/promises';
import type { Context } from './context.ts';
import { answerForm } from './forms.ts';
import { type Call, type Reply, segmentsOf } from './http.ts';
import { renderError } from './layout.ts';
import { findRepository, findUser } from './lookup.ts';
import { renderPullPage } from './page-pull.ts';
import {
  renderChanges,
  renderCode,
  renderCommit,
  renderHome,
  renderPulls,
  renderSource,
} from './page-repository.ts';
import type { Repository } from './world.ts';

const STATIC_FILES: Readonly<Record<string, string>> = {
  'playground.css': 'text/css; charset=utf-8',
  'live.js': 'text/javascript; charset=utf-8',
};

/** Everything that is neither API nor git. Private repositories have no pages: nobody logs in here. */
export async function answerPage(context: Context, call: Call): Promise<Reply> {
  const parts = segmentsOf(call.path);
  if (parts === undefined) return renderError(context, call, 400, 'This address is broken');
  const [first, name, ...rest] = parts;
  if (first === undefined) return renderHome(context, call);
  const type = STATIC_FILES[first];
  if (name === undefined && type !== undefined) return serveFile(first, type);
  const repository =
    name === undefined ? undefined : findRepository(context.world, `${first}/${name}`);
  if (repository !== undefined && !repository.isPrivate)
    return answerRepository(context, call, repository, rest);
  if (name === undefined && findUser(context.world, first) !== undefined)
    return renderError(context, call, 200, `${first} is a person of this playground`);
  return renderError(context, call, 404, 'There is no such page');
}

async function answerRepository(
  context: Context,
  call: Call,
  repository: Repository,
  parts: readonly string[],
): Promise<Reply> {
  const [area, item = '', ...rest] = parts;
  if (call.method === 'POST' && area === 'pulls')
    return answerForm(context, call, repository, parts.slice(1));
  if (call.method !== 'GET') return renderError(context, call, 405, 'This page takes no forms');
  if (area === undefined) return renderCode(context, call, repository);
  if (area === 'commit') return renderCommit(context, call, repository, item);
  if (area === 'src') return renderSource(context, call, repository, rest);
  if (area === 'pulls') {
    if (item === '') return renderPulls(context, call, repository);
    const pull = repository.pulls.get(Number(item));
    if (pull === undefined) return renderError(context, call, 404, 'There is no such pull request');
    return rest[0] === 'files'
      ? renderChanges(context, call, repository, pull)
      : renderPullPage(context, call, repository, pull);
  }
  return renderError(context, call, 404, 'There is no such page');
}

async function serveFile(name: string, type: string): Promise<Reply> {
  const body = await readFile(new URL(name, import.meta.url));
  return { status: 200, headers: { 'content-type': type, 'cache-control': 'no-cache' }, body };
}
