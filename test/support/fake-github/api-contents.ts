import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { resolveCommit } from '../../../src/forges/playground/contents.ts';
import type { Reply } from '../../../src/forges/playground/http.ts';
import { json, notFound, type RepositoryCall, refuse } from './call.ts';
import { type Json, pageUrl, repositoryUrl } from './views.ts';

/** Files over REST. Up to 1 MB they come with their content, above only in the raw media type. */

const INLINE_BYTES = 1024 * 1024;
const RAW_BYTES = 100 * 1024 * 1024;

type Entry = {
  readonly mode: string;
  readonly sha: string;
  readonly size: number;
  readonly path: string;
};

const TYPES: Readonly<Record<string, string>> = {
  '040000': 'dir',
  '120000': 'symlink',
  '160000': 'submodule',
};

const typeOf = (entry: Entry) => TYPES[entry.mode] ?? 'file';

async function listTree(
  { context, repository }: RepositoryCall,
  args: readonly string[],
): Promise<Entry[]> {
  const listing = await context.git.recall(repository.directory, ['ls-tree', '-z', '-l', ...args]);
  return listing
    .split('\0')
    .map((line) => /^(\d+) \w+ ([0-9a-f]{40}) +(\d+|-)\t(.+)$/s.exec(line))
    .filter((match) => match !== null)
    .map(([, mode = '', sha = '', size, name = '']) => ({
      mode,
      sha,
      size: size === '-' ? 0 : Number(size),
      path: name,
    }));
}

async function readBytes({ context, repository }: RepositoryCall, sha: string): Promise<Buffer> {
  const args = ['--git-dir', repository.directory, 'cat-file', 'blob', sha];
  const options = { encoding: 'buffer', maxBuffer: RAW_BYTES, env: context.git.environment };
  const { stdout } = await promisify(execFile)('git', args, { ...options, encoding: 'buffer' });
  return stdout;
}

export async function getContents(call: RepositoryCall, file: string): Promise<Reply> {
  const ref = call.query.get('ref') || call.repository.defaultBranch;
  const name = ref.replace(/^refs\/(heads|tags)\//, '');
  const sha = await resolveCommit(call.context, call.repository, name);
  if (sha === undefined) throw refuse(404, `No commit found for the ref ${ref}`);
  const place = { ref, sha };
  const wanted = file.replace(/\/+$/, '');
  if (wanted === '') return listDirectory(call, place, '');
  const entries = await listTree(call, [sha, '--', wanted]);
  const entry = entries.find((one) => one.path === wanted);
  if (entry === undefined) throw notFound();
  if (typeOf(entry) === 'dir') return listDirectory(call, place, wanted);
  return oneEntry(call, place, entry);
}

type Place = { readonly ref: string; readonly sha: string };

async function listDirectory(call: RepositoryCall, place: Place, directory: string) {
  const within = directory === '' ? [] : ['--', `${directory}/`];
  const entries = await listTree(call, [place.sha, ...within]);
  // A submodule calls itself a file in a list, "for backwards compatibility" (docs.github.com).
  const view = (entry: Entry) => {
    const type = typeOf(entry) === 'submodule' ? 'file' : typeOf(entry);
    return { ...entryView(call, place, entry), type };
  };
  return json(200, entries.map(view));
}

async function oneEntry(call: RepositoryCall, place: Place, entry: Entry): Promise<Reply> {
  const view = entryView(call, place, entry);
  const type = typeOf(entry);
  if (type === 'submodule') return json(200, { ...view, submodule_git_url: null });
  if (entry.size > RAW_BYTES)
    throw refuse(403, 'This API returns blobs up to 100 MB in size.', {
      errors: [{ resource: 'Blob', field: 'data', code: 'too_large' }],
    });
  const isRaw = /\braw\b/.test(call.headers.accept ?? '');
  const isLarge = entry.size > INLINE_BYTES;
  if (isLarge && !isRaw) return json(200, { ...view, content: '', encoding: 'none' });
  const bytes = await readBytes(call, entry.sha);
  if (isRaw)
    return {
      status: 200,
      headers: { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' },
      body: bytes,
    };
  if (type === 'symlink') {
    const target = path.posix.join(path.posix.dirname(entry.path), bytes.toString());
    const found = (await listTree(call, [place.sha, '--', target]))[0];
    // A link to a file in the repository is answered with that file, under its own path.
    if (found !== undefined && typeOf(found) === 'file')
      return oneEntry(call, place, { ...found, path: entry.path });
    return json(200, { ...view, target: bytes.toString() });
  }
  const content = bytes.toString('base64').replaceAll(/.{60}/g, '$&\n');
  return json(200, { ...view, content: `${content.replace(/\n?$/, '\n')}`, encoding: 'base64' });
}

function entryView(call: RepositoryCall, place: Place, entry: Entry): Json {
  const api = repositoryUrl(call, call.repository);
  const page = pageUrl(call, call.repository);
  const type = typeOf(entry);
  const address = entry.path.split('/').map(encodeURIComponent).join('/');
  const self = `${api}/contents/${address}?ref=${encodeURIComponent(place.ref)}`;
  const git = `${api}/git/${type === 'dir' ? 'trees' : 'blobs'}/${entry.sha}`;
  const html = `${page}/${type === 'dir' ? 'tree' : 'blob'}/${place.ref}/${address}`;
  return {
    name: path.posix.basename(entry.path),
    path: entry.path,
    sha: entry.sha,
    size: entry.size,
    url: self,
    html_url: html,
    git_url: git,
    download_url: type === 'file' ? `${page}/raw/${place.ref}/${address}` : null,
    type,
    _links: { self, git, html },
  };
}
