import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** What every server of a comparison is configured with. */
export const SECRET = 'a secret of the benchmark only';

/** `github`: a command too, as GitHub sends it. */
export type DeliveryKind = 'command' | 'noise' | 'github';

const BODY_BYTES = 10_240;
const FIRST_ID = 1_000_000_000;
const RECORDED =
  '../../test/fixtures/recorded/gitea/1.25.4/webhook/issue-comment-created-on-pull.json';
const GITHUB_EXAMPLE = '../../test/fixtures/github/examples/issue-comment-created.json';
const TEXT: Readonly<Record<DeliveryKind, string>> = {
  command: '!testme\n\n',
  github: '!testme\n\n',
  noise: 'Thank you, this reads well now.\n\n',
};

type Recorded = {
  exchanges: { request: { headers: Record<string, string>; body: string } }[];
};

/**
 * Whole HTTP requests, ready to be written to a socket: a recorded `issue_comment` of Gitea on a pull request, cut and
 * filled to 10 KB, each with a comment id of its own and signed.
 */
export function createDeliveries(kind: DeliveryKind, path: string): (count: number) => Buffer[] {
  const { headers, text } = kind === 'github' ? fromGithub() : fromGitea(TEXT[kind]);
  const template = Buffer.from(text);
  const idAt = template.indexOf(String(FIRST_ID));
  return (count) =>
    Array.from({ length: count }, () => {
      const payload = Buffer.from(template);
      made += 1;
      payload.write(String(FIRST_ID + made), idAt, 'latin1');
      return Buffer.concat([headOf(headers, path, payload), payload]);
    });
}

type Template = { readonly headers: Record<string, string>; readonly text: string };

function fromGitea(text: string): Template {
  const file = readFileSync(new URL(RECORDED, import.meta.url), 'utf8');
  const { headers, body } = (JSON.parse(file) as Recorded).exchanges[0]?.request ?? {};
  if (!headers || !body) throw new Error(`${RECORDED} has no delivery`);
  return { headers, text: fillTo(JSON.parse(body), text) };
}

/** GitHub's own example, made a comment on a pull request. The repository's addresses are left out to come to 10 KB. */
function fromGithub(): Template {
  const payload = JSON.parse(readFileSync(new URL(GITHUB_EXAMPLE, import.meta.url), 'utf8'));
  payload.repository = Object.fromEntries(
    Object.entries(payload.repository).filter(([key]) => !key.endsWith('_url')),
  );
  payload.repository.full_name = 'acme/shop';
  payload.issue.pull_request = { url: 'https://api.github.com/repos/acme/shop/pulls/1' };
  payload.sender.type = 'User';
  payload.comment.id = FIRST_ID;
  payload.comment.body = TEXT.github;
  payload.issue.body = '';
  const bare = Buffer.byteLength(JSON.stringify(payload));
  payload.issue.body = FILLER.repeat(99).slice(0, Math.max(0, BODY_BYTES - bare));
  const headers = {
    accept: '*/*',
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/abcdef0',
    'x-github-event': 'issue_comment',
    'x-github-hook-id': '1',
  };
  return { headers, text: JSON.stringify(payload) };
}

/** Ids rise over the whole process, so that no delivery is a duplicate of one of another round. */
let made = 0;

type Payload = {
  issue: { body: string };
  comment: { id: number; body: string };
  pull_request: { head: { repo?: unknown }; base: { repo?: unknown } };
};

const FILLER = 'The upgrade keeps what was there before, and the tests say so. ';

/** Indented as Gitea sends it. The repositories of head and base are left out to come down to 10 KB. */
function fillTo(payload: Payload, text: string): string {
  delete payload.pull_request.head.repo;
  delete payload.pull_request.base.repo;
  payload.comment.id = FIRST_ID;
  payload.comment.body = text;
  payload.issue.body = '';
  const bare = JSON.stringify(payload, null, 2);
  payload.issue.body = FILLER.repeat(99).slice(0, Math.max(0, BODY_BYTES - Buffer.byteLength(bare)));
  return JSON.stringify(payload, null, 2);
}

function headOf(recorded: Record<string, string>, path: string, payload: Buffer): Buffer {
  const signature = createHmac('sha256', SECRET).update(payload).digest('hex');
  const delivery = `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
  const headers: Record<string, string> = {
    ...recorded,
    host: '127.0.0.1',
    'content-length': String(payload.length),
    'x-gitea-signature': signature,
    'x-gogs-signature': signature,
    'x-hub-signature-256': `sha256=${signature}`,
    'x-gitea-delivery': delivery,
    'x-gogs-delivery': delivery,
    'x-github-delivery': delivery,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
}
