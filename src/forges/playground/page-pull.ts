import { html, raw } from 'hono/html';
import type { Context } from './context.ts';
import type { Call, Reply } from './http.ts';
import { describeRole, type Html, playableUsers, renderPage, whoAmI } from './layout.ts';
import { commentsOnPull, fullName, latestStatuses, loginOf } from './lookup.ts';
import { renderMarkdown } from './markdown.ts';
import type { Comment, Pull, Repository, Status } from './world.ts';

/** The page of a pull request: what was said, what the commit's statuses are, and a form to say more. */
export function renderPullPage(
  context: Context,
  call: Call,
  repository: Repository,
  pull: Pull,
): Promise<Reply> {
  const comments = commentsOnPull(context.world, repository, pull.number);
  const opening = { id: 0, authorId: pull.authorId, body: pull.body, createdAt: pull.createdAt };
  const content = html`<h1>${pull.title} <span class="number">#${pull.number}</span></h1>
${renderFacts(context, repository, pull)}
<div class="talk">
<div>
<div id="said">
${pull.body === '' ? '' : renderComment(context, repository, { ...opening, edits: 0, reactions: [] })}
${comments.map((comment) => renderComment(context, repository, comment))}
</div>
${renderForm(context, call, repository, pull)}
</div>
${renderAside(context, call, repository, pull)}
</div>`;
  const title = `${pull.title} #${pull.number}`;
  return renderPage(context, call, { title, repository, section: 'pulls', content, live: true });
}

function renderFacts(context: Context, repository: Repository, pull: Pull): Html {
  const name = fullName(context.world, repository);
  const author = loginOf(context.world, pull.authorId);
  const from =
    pull.head.kind === 'fork'
      ? `${headOwner(context, pull)}:${pull.head.branch}`
      : pull.head.branch || `refs/pull/${pull.number}/head`;
  const state = pull.merged ? 'merged' : pull.state;
  const statuses = latestStatuses(repository, pull.headSha);
  return html`<ul class="facts" id="facts"><li><b>${author}</b> wants to merge <code>${from}</code> into <code>${pull.base}</code></li>
<li>head <a href="/${name}/commit/${pull.headSha}"><code>${pull.headSha.slice(0, 7)}</code></a></li>
<li><a href="/${name}/pulls/${pull.number}/files">changes</a></li>
${state === 'open' ? '' : html`<li><b>${state}</b></li>`}
${statuses.map(renderStatus)}</ul>`;
}

function headOwner(context: Context, pull: Pull): string {
  const head = context.world.repositories.get(pull.head.repositoryId);
  return head === undefined ? 'deleted' : loginOf(context.world, head.ownerId);
}

/** A sign, a word and a colour for each state. */
const ASPECTS: Readonly<Record<string, readonly [sign: string, aspect: string]>> = {
  success: ['✓', 'clear'],
  failure: ['✕', 'danger'],
  error: ['!', 'infra'],
  warning: ['△', 'caution'],
  pending: ['◌', 'shunt'],
};

function aspectOf(status: Status): readonly [sign: string, aspect: string] {
  return ASPECTS[status.state] ?? ['·', 'lunar'];
}

function renderStatus(status: Status): Html {
  const [sign, aspect] = aspectOf(status);
  const text = `${sign} ${status.context}: ${status.description || status.state}`;
  return html`<li class="status ${aspect}">${renderOptionalLink(status.targetUrl, text)}</li>`;
}

function renderOptionalLink(url: string, text: string): Html {
  return /^https?:\/\//i.test(url)
    ? html`<a href="${url}" rel="nofollow noopener">${text}</a>`
    : html`${text}`;
}

const EMOJI: Readonly<Record<string, string>> = {
  '+1': '👍',
  '-1': '👎',
  laugh: '😄',
  hooray: '🎉',
  confused: '😕',
  heart: '❤️',
  rocket: '🚀',
  eyes: '👀',
};

type Said = Pick<Comment, 'id' | 'authorId' | 'body' | 'createdAt' | 'edits' | 'reactions'>;

function renderComment(context: Context, repository: Repository, said: Said): Html {
  const author = context.world.users.get(said.authorId);
  const login = author?.login ?? 'Ghost';
  const role = author === undefined ? 'gone' : describeRole(repository, author);
  const time = new Date(said.createdAt).toISOString();
  const edits = said.edits === 1 ? ', edited once' : `, edited ${said.edits} times`;
  const counts = Map.groupBy(said.reactions, (reaction) => reaction.content);
  const sign = author?.bot === true ? '▤' : login.charAt(0).toUpperCase();
  return html`<article class="say${author?.bot === true ? ' bot' : ''}" ${said.id === 0 ? '' : html`id="issuecomment-${said.id}"`}>
<i aria-hidden="true">${sign}</i><div><header><b>${login}</b> · ${role} · <time datetime="${time}">${time.slice(11, 16)} UTC</time>${said.edits === 0 ? '' : edits}</header>
<div class="md">${raw(renderMarkdown(said.body))}</div>
${[...counts].map(([content, all]) => {
  const who = all.map((reaction) => loginOf(context.world, reaction.userId)).join(', ');
  return html`<span class="react" title="${content}: ${who}">${EMOJI[content] ?? content} ${all.length}</span>`;
})}</div></article>`;
}

const CHIPS = ['!testme', '/cancel', '!status', '!help'];

function renderForm(context: Context, call: Call, repository: Repository, pull: Pull): Html {
  const me = whoAmI(context, call, repository);
  const action = `/${fullName(context.world, repository)}/pulls/${pull.number}`;
  const people = playableUsers(context).map((user) => {
    const selected = user === me ? raw(' selected') : '';
    return html`<option value="${user.login}"${selected}>${user.login}, ${describeRole(repository, user)}</option>`;
  });
  const change = pull.state === 'open' ? 'close' : 'reopen';
  return html`<form method="post" action="${action}/comments" class="write">
<textarea name="body" aria-label="Comment" placeholder="Write a comment. A line that begins with ! or / is a command."></textarea>
<div class="row">${CHIPS.map((chip) => html`<button class="chip" name="chip" value="${chip}">${chip}</button>`)}
<label class="as">as <select class="btn" name="as">${people}</select></label>
<button class="btn go">Comment</button></div>
<div class="row more"><button class="btn" formaction="${action}/push">Push a commit</button>
${pull.merged ? '' : html`<button class="btn" formaction="${action}/${change}">${change === 'close' ? 'Close' : 'Reopen'}</button>`}
<noscript><a href="${action}">Reload to see what is new</a></noscript></div>
</form>`;
}

function renderAside(context: Context, call: Call, repository: Repository, pull: Pull): Html {
  const action = `/${fullName(context.world, repository)}/pulls/${pull.number}`;
  const outsider = playableUsers(context).find(
    (user) => describeRole(repository, user) === 'outsider',
  );
  const me = whoAmI(context, call, repository);
  const statuses = latestStatuses(repository, pull.headSha);
  const behind = context.signalboxUrl;
  return html`<aside><h2>Try</h2><div class="card">
<p>Push a commit while a run is on</p>
<p>Stop a run with /cancel: nothing of it is left</p>
${outsider === undefined || outsider === me ? '' : html`<p>Be <a href="${action}?as=${outsider.login}">${outsider.login}</a>, who may not</p>`}
<p>Quote a command: nothing happens</p></div>
<h2>Behind it</h2><div class="card" id="behind">
${statuses.map((status) => {
  const [, aspect] = aspectOf(status);
  const text = `${status.context}: ${status.state}`;
  return html`<p><span class="dot ${aspect}" aria-hidden="true">●</span> ${renderOptionalLink(status.targetUrl, text)}</p>`;
})}
${statuses.length === 0 ? html`<p>Nothing was reported on this commit yet.</p>` : ''}
${behind === undefined ? '' : html`<p><a href="${behind}/deliveries">Deliveries and why</a></p>`}
</div></aside>`;
}
