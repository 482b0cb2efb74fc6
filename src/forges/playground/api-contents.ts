import path from 'node:path';
import { failure, notFound, type RepositoryCall } from './api-call.ts';
import { findEntry, listEntries, readBlob, resolveShortRef, type TreeEntry } from './contents.ts';
import { json, plain, type Reply } from './http.ts';
import { fullName } from './lookup.ts';
import type { Json } from './views.ts';

/** Files over REST, as recorded from Gitea 1.25.4. */

type Place = { readonly ref: string; readonly sha: string };

export async function getContents(call: RepositoryCall, file: string): Promise<Reply> {
  const { context, repository } = call;
  const ref = call.query.get('ref') || repository.defaultBranch;
  const sha = await resolveShortRef(context, repository, ref);
  if (sha === undefined)
    return notFound(context, [`object does not exist [id: ${ref}, rel_path: ]`]);
  const place = { ref, sha };
  if (file === '') return listDirectory(call, place, '');
  const entry = await findEntry(context, repository, { sha, path: file });
  if (entry === undefined) {
    const missing = `object does not exist [id: , rel_path: ${file.split('/')[0]}]`;
    return failure(context, 404, 'GetContentsOrList', [missing]);
  }
  if (entry.type === 'tree') return listDirectory(call, place, file);
  const content = Buffer.from(await readBlob(context, repository, entry.sha)).toString('base64');
  return json(200, await entryView(call, place, { entry, content }));
}

async function listDirectory(call: RepositoryCall, place: Place, path: string): Promise<Reply> {
  const entries = await listEntries(call.context, call.repository, { sha: place.sha, path });
  return json(200, await Promise.all(entries.map((entry) => entryView(call, place, { entry }))));
}

type Shown = { readonly entry: TreeEntry; readonly content?: string };

async function entryView(call: RepositoryCall, place: Place, shown: Shown): Promise<Json> {
  const { context, repository } = call;
  const { entry, content = null } = shown;
  const last = await context.git.recall(repository.directory, [
    'log',
    '--max-count=1',
    '--date=format-local:%Y-%m-%dT%H:%M:%SZ',
    '--format=%H %cd %ad',
    place.sha,
    '--',
    entry.path,
  ]);
  const [commit, committed, authored] = last.trim().split(' ');
  const name = fullName(context.world, repository);
  const api = `${context.url}/api/v1/repos/${name}`;
  const self = `${api}/contents/${entry.path}?ref=${place.ref}`;
  const git = `${api}/git/${entry.type}s/${entry.sha}`;
  const at = `${refKind(call, place.ref)}/${place.ref}/${entry.path}`;
  const html = `${context.url}/${name}/src/${at}`;
  return {
    name: path.posix.basename(entry.path),
    path: entry.path,
    sha: entry.sha,
    last_commit_sha: commit,
    last_committer_date: committed,
    last_author_date: authored,
    type: entry.type === 'tree' ? 'dir' : 'file',
    size: entry.size,
    encoding: content === null ? null : 'base64',
    content,
    target: null,
    url: self,
    html_url: html,
    git_url: git,
    download_url: entry.type === 'tree' ? null : `${context.url}/${name}/raw/${at}`,
    submodule_git_url: null,
    _links: { self, git, html },
  };
}

function refKind(call: RepositoryCall, ref: string): 'branch' | 'tag' | 'commit' {
  if (call.repository.branches.has(ref)) return 'branch';
  return call.repository.tags.has(ref) ? 'tag' : 'commit';
}

export async function getRaw(call: RepositoryCall, file: string): Promise<Reply> {
  const { context, repository } = call;
  const ref = call.query.get('ref') || repository.defaultBranch;
  const sha = await resolveShortRef(context, repository, ref);
  const entry =
    sha === undefined ? undefined : await findEntry(context, repository, { sha, path: file });
  if (entry?.type !== 'blob') return notFound(context);
  const reply = plain(200, await readBlob(context, repository, entry.sha));
  return {
    ...reply,
    headers: { ...reply.headers, etag: `"${entry.sha}"`, 'x-gitea-object-type': 'file' },
  };
}
