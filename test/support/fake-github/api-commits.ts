import { createHash } from 'node:crypto';
import { resolveCommit } from '../../../src/forges/playground/contents.ts';
import type { Reply } from '../../../src/forges/playground/http.ts';
import { findUser } from '../../../src/forges/playground/lookup.ts';
import { requireCommit } from './api-statuses.ts';
import { json, notFound, type RepositoryCall } from './call.ts';
import { nodeId } from './node-ids.ts';
import { type Json, pageUrl, repositoryUrl, userView } from './views.ts';

/** Commits and what lies between two of them. */

const FORMAT = '%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%ad%x1f%cn%x1f%ce%x1f%cd%x1f%B%x1e';

async function readCommits(call: RepositoryCall, range: readonly string[]): Promise<Json[]> {
  const { context, repository } = call;
  const log = await context.git.recall(repository.directory, [
    'log',
    '--max-count=250',
    '--reverse',
    '--date=format-local:%Y-%m-%dT%H:%M:%SZ',
    `--format=${FORMAT}`,
    ...range,
    '--',
  ]);
  const texts = log.split('\x1e\n').filter((one) => one.trim() !== '');
  return texts.map((one) => commitView(call, one.split('\x1f')));
}

function commitView(call: RepositoryCall, fields: readonly string[]): Json {
  const [sha = '', tree, parents = '', name = '', email, date, committer = '', ...rest] = fields;
  const [committerEmail, committed, message = ''] = rest;
  const api = repositoryUrl(call, call.repository);
  const page = pageUrl(call, call.repository);
  const person = (login: string) => {
    const user = findUser(call.context.world, login);
    return user === undefined ? null : userView(call, user.id);
  };
  return {
    sha,
    node_id: nodeId('Commit', sha),
    commit: {
      author: { name, email, date },
      committer: { name: committer, email: committerEmail, date: committed },
      message: message.trimEnd(),
      tree: { sha: tree, url: `${api}/git/trees/${tree}` },
      url: `${api}/git/commits/${sha}`,
      comment_count: 0,
      verification: {
        verified: false,
        reason: 'unsigned',
        signature: null,
        payload: null,
        verified_at: null,
      },
    },
    url: `${api}/commits/${sha}`,
    html_url: `${page}/commit/${sha}`,
    comments_url: `${api}/commits/${sha}/comments`,
    author: person(name),
    committer: person(committer),
    parents: parents
      .split(' ')
      .filter((one) => one !== '')
      .map((one) => ({
        sha: one,
        url: `${api}/commits/${one}`,
        html_url: `${page}/commit/${one}`,
      })),
  };
}

async function readFiles(call: RepositoryCall, range: readonly string[]): Promise<Json[]> {
  const { context, repository } = call;
  const listing = await context.git.recall(repository.directory, [
    'diff-tree',
    '-r',
    '--root',
    '--no-commit-id',
    '--no-renames',
    '--numstat',
    '-z',
    ...range,
  ]);
  const sha = range.at(-1) ?? '';
  return listing
    .split('\0')
    .map((line) => /^(\d+|-)\t(\d+|-)\t(.+)$/s.exec(line))
    .filter((found) => found !== null)
    .map(([, added = '', removed = '', name = '']) => {
      const additions = Number(added) || 0;
      const deletions = Number(removed) || 0;
      return {
        sha: createHash('sha1').update(name).digest('hex'),
        filename: name,
        status: deletions === 0 ? 'added' : additions === 0 ? 'removed' : 'modified',
        additions,
        deletions,
        changes: additions + deletions,
        blob_url: `${pageUrl(call, repository)}/blob/${sha}/${name}`,
        raw_url: `${pageUrl(call, repository)}/raw/${sha}/${name}`,
        contents_url: `${repositoryUrl(call, repository)}/contents/${name}?ref=${sha}`,
      };
    });
}

export async function getCommit(call: RepositoryCall, ref: string): Promise<Reply> {
  const sha = await requireCommit(call, ref);
  const [commit] = await readCommits(call, ['--no-walk', sha]);
  const files = await readFiles(call, [sha]);
  const sum = (field: string) => files.reduce((total, file) => total + Number(file[field]), 0);
  const stats = {
    additions: sum('additions'),
    deletions: sum('deletions'),
    total: sum('changes'),
  };
  return json(200, { ...commit, stats, files });
}

/** `base...head`: what the head has that their common ancestor has not. */
export async function compareCommits(call: RepositoryCall, basehead: string): Promise<Reply> {
  const { context, repository } = call;
  const names = basehead.split('...');
  const [base, head] = await Promise.all(
    names.map((name) => resolveCommit(context, repository, name.replace(/^[^:]+:/, ''))),
  );
  if (base === undefined || head === undefined || names.length !== 2) throw notFound();
  const found = await context.git
    .recall(repository.directory, ['merge-base', base, head])
    .catch(() => '');
  const middle = found.trim();
  if (middle === '') throw notFound();
  const ahead = await readCommits(call, [`${base}..${head}`]);
  const behind = await readCommits(call, [`${head}..${base}`]);
  const [baseCommit] = await readCommits(call, ['--no-walk', base]);
  const [mergeBase] = await readCommits(call, ['--no-walk', middle]);
  const status = ['identical', 'ahead', 'behind', 'diverged'].at(
    (ahead.length > 0 ? 1 : 0) + (behind.length > 0 ? 2 : 0),
  );
  const page = `${pageUrl(call, repository)}/compare/${basehead}`;
  return json(200, {
    url: `${repositoryUrl(call, repository)}/compare/${basehead}`,
    html_url: page,
    permalink_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    base_commit: baseCommit,
    merge_base_commit: mergeBase,
    status,
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    commits: ahead,
    files: await readFiles(call, [middle, head]),
  });
}
