import { html } from 'hono/html';
import { findEntry, listEntries, readBlob, resolveShortRef } from './contents.ts';
import type { Context } from './context.ts';
import type { Call, Reply } from './http.ts';
import { describeRole, type Html, playableUsers, renderError, renderPage } from './layout.ts';
import { fullName, latestStatuses, loginOf } from './lookup.ts';
import type { Pull, Repository } from './world.ts';

/** The pages around pull requests: lists, files, commits. */

export function renderHome(context: Context, call: Call): Promise<Reply> {
  const repositories = [...context.world.repositories.values()].filter((one) => !one.isPrivate);
  const content = html`<h1>Repositories</h1>
${repositories.map((repository) => {
  const name = fullName(context.world, repository);
  return html`<h2><a href="/${name}/pulls">${name}</a></h2>
<div class="card">${repository.description === '' ? '' : html`<p>${repository.description}</p>`}${renderPullTable(context, repository)}</div>`;
})}
${repositories.length === 0 ? html`<p>There is no repository yet.</p>` : ''}`;
  return renderPage(context, call, { title: 'Repositories', content });
}

function renderPullTable(context: Context, repository: Repository): Html {
  const name = fullName(context.world, repository);
  const pulls = [...repository.pulls.values()].toReversed();
  if (pulls.length === 0) return html`<p>No pull requests.</p>`;
  return html`<table><tr><th>#</th><th>Title</th><th>Author</th><th>State</th><th>Checks</th></tr>
${pulls.map(
  (
    pull,
  ) => html`<tr><td>${pull.number}</td><td><a href="/${name}/pulls/${pull.number}">${pull.title}</a></td>
<td>${loginOf(context.world, pull.authorId)}</td><td>${pull.merged ? 'merged' : pull.state}</td>
<td>${describeChecks(repository, pull)}</td></tr>`,
)}</table>`;
}

function describeChecks(repository: Repository, pull: Pull): string {
  const statuses = latestStatuses(repository, pull.headSha);
  return statuses.map((status) => `${status.context}: ${status.state}`).join(', ') || 'none';
}

export function renderPulls(context: Context, call: Call, repository: Repository): Promise<Reply> {
  const name = fullName(context.world, repository);
  const branches = [...repository.branches.keys()].filter(
    (branch) => branch !== repository.defaultBranch,
  );
  const content = html`<h1>Pull requests</h1><div class="card">${renderPullTable(context, repository)}</div>
<h2>Open one</h2>
<form class="card open" method="post" action="/${name}/pulls">
<label>From branch <select class="btn" name="head">${branches.map((branch) => html`<option>${branch}</option>`)}</select></label>
<label>as <select class="btn" name="as">${playableUsers(context).map(
    (user) =>
      html`<option value="${user.login}">${user.login}, ${describeRole(repository, user)}</option>`,
  )}</select></label>
<label class="wide">Title <input name="title" required maxlength="200"></label>
<label class="wide">Text <textarea name="body"></textarea></label>
<button class="btn go">Open pull request</button>
${branches.length === 0 ? html`<p>Push a branch first: <code>git push ${context.url}/${name}.git</code></p>` : ''}
</form>`;
  return renderPage(context, call, { title: name, repository, section: 'pulls', content });
}

export async function renderCode(
  context: Context,
  call: Call,
  repository: Repository,
): Promise<Reply> {
  const name = fullName(context.world, repository);
  const tip = repository.branches.get(repository.defaultBranch);
  const entries =
    tip === undefined ? [] : await listEntries(context, repository, { sha: tip, path: '' });
  const at = `/${name}/src/branch/${repository.defaultBranch}`;
  const content = html`<h1>${name}</h1><p class="crumb"><code>git clone ${context.url}/${name}.git</code></p>
<div class="two"><div><h2>Files on ${repository.defaultBranch}</h2><div class="card"><table>
${entries.map((entry) => html`<tr><td><a href="${at}/${entry.path}">${entry.path}${entry.type === 'tree' ? '/' : ''}</a></td></tr>`)}
</table></div></div>
<div><h2>Branches</h2><div class="card"><table>${renderRefs(name, repository.branches)}</table></div>
${repository.tags.size === 0 ? '' : html`<h2>Tags</h2><div class="card"><table>${renderRefs(name, repository.tags)}</table></div>`}</div></div>`;
  return renderPage(context, call, { title: name, repository, section: 'code', content });
}

function renderRefs(name: string, refs: ReadonlyMap<string, string>): Html[] {
  return [...refs].map(
    ([ref, sha]) =>
      html`<tr><td>${ref}</td><td><a href="/${name}/commit/${sha}"><code>${sha.slice(0, 7)}</code></a></td></tr>`,
  );
}

/** `/src/branch/<ref>/<path>` and `/src/commit/<sha>/<path>`; a branch may hold slashes. */
export async function renderSource(
  context: Context,
  call: Call,
  repository: Repository,
  parts: readonly string[],
): Promise<Reply> {
  for (let split = 1; split <= parts.length; split += 1) {
    const sha = await resolveShortRef(context, repository, parts.slice(0, split).join('/'));
    if (sha === undefined) continue;
    const path = parts.slice(split).join('/');
    const entry = await findEntry(context, repository, { sha, path });
    if (entry?.type === 'blob') {
      const text = await readBlob(context, repository, entry.sha);
      return renderText(context, call, repository, { title: path, text, isNumbered: true });
    }
    const entries = await listEntries(context, repository, { sha, path });
    const text = entries.map((one) => one.path).join('\n');
    if (entries.length > 0) return renderText(context, call, repository, { title: path, text });
  }
  return renderError(context, call, 404, 'There is no such file');
}

export async function renderCommit(
  context: Context,
  call: Call,
  repository: Repository,
  name: string,
): Promise<Reply> {
  const sha = await context.git.findCommit(repository.directory, name);
  if (sha === undefined) return renderError(context, call, 404, 'There is no such commit');
  const text = await context.git.run(repository.directory, ['show', '--stat', '--patch', sha]);
  return renderText(context, call, repository, { title: `Commit ${sha.slice(0, 7)}`, text });
}

export async function renderChanges(
  context: Context,
  call: Call,
  repository: Repository,
  pull: Pull,
): Promise<Reply> {
  const range = `${repository.branches.get(pull.base)}...${pull.headSha}`;
  const text = await context.git.run(repository.directory, ['diff', '--stat', '--patch', range]);
  return renderText(context, call, repository, { title: `Changes of #${pull.number}`, text });
}

type Text = { readonly title: string; readonly text: string; readonly isNumbered?: boolean };

function renderText(
  context: Context,
  call: Call,
  repository: Repository,
  { title, text, isNumbered = false }: Text,
): Promise<Reply> {
  const lines = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line, index) => {
      const anchor = isNumbered ? html`id="L${index + 1}"` : '';
      return html`<li ${anchor}>${line}</li>`;
    });
  const content = html`<h1>${title}</h1><ol class="source${isNumbered ? ' numbered' : ''}">${lines}</ol>`;
  return renderPage(context, call, { title, repository, section: 'code', content });
}
