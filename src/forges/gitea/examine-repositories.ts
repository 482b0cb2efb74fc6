import { z } from 'zod';
import type { Finding } from '../../domain/finding.ts';
import { firstLine } from '../examination.ts';
import { type CallOptions, type Examination, type Forge, ForgeError } from '../forge.ts';
import type { GiteaClient } from './client.ts';
import { HOOK_EVENTS } from './dialect.ts';
import { encodePath } from './links.ts';
import { type Hook, hookSchema } from './payloads.ts';

type Parts = {
  readonly name: string;
  readonly url: string;
  readonly listRepositories: Forge['listRepositories'];
};

/** More would keep the forge busy for a diagnosis; what is wrong is seldom wrong in the fiftieth only. */
const MOST = 50;
const TOGETHER = 5;

const repositorySchema = z.object({
  full_name: z.string(),
  archived: z.boolean(),
  permissions: z.object({ admin: z.boolean() }),
});

/** Problems are told one by one, what is right in one line for all. */
export async function* examineRepositories(
  client: GiteaClient,
  parts: Parts,
  question: Examination,
  options: CallOptions | undefined,
): AsyncGenerator<Finding> {
  let names: readonly string[];
  try {
    names = await parts.listRepositories(question.repositories, options);
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    const text = `cannot be listed: ${firstLine(error)}`;
    yield { tier: 'failure', subject: 'repositories', text, mend: ['try again'] };
    return;
  }
  if (names.length === 0) {
    yield {
      tier: 'warning',
      subject: 'repositories',
      text: `the bot sees none that fits ${question.repositories.join(', ')}`,
      consequence: 'there is nothing that it could answer to',
      mend: [
        `make the bot an admin collaborator of them, or mend forges.${parts.name}.repositories`,
      ],
    };
    return;
  }
  const looked = names.slice(0, MOST);
  const right: string[] = [];
  const connected: string[] = [];
  for (let at = 0; at < looked.length; at += TOGETHER) {
    const some = looked.slice(at, at + TOGETHER);
    const results = await Promise.all(
      some.map((name) => examineRepository(client, parts, { name, question, options })),
    );
    for (const [index, { problems, isRight, isConnected }] of results.entries()) {
      yield* problems;
      if (isRight) right.push(some[index] ?? '');
      if (isConnected) connected.push(some[index] ?? '');
    }
  }
  yield* tell(names.length, { right, connected });
}

function* tell(
  count: number,
  { right, connected }: { right: readonly string[]; connected: readonly string[] },
): Generator<Finding> {
  if (right.length > 0) {
    const text = `${listed(right)}: the bot is admin`;
    yield { tier: 'ok', subject: 'repositories', text };
  }
  if (connected.length > 0) {
    const text = `${listed(connected)}: active, with the events that are used`;
    yield { tier: 'ok', subject: 'webhooks', text };
  }
  if (count > MOST) {
    const text = `only ${MOST} of ${count} were looked at`;
    yield { tier: 'skipped', subject: 'repositories', text };
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

type Looked = {
  readonly problems: readonly Finding[];
  readonly isRight: boolean;
  readonly isConnected: boolean;
};

async function examineRepository(
  client: GiteaClient,
  parts: Parts,
  asked: { name: string; question: Examination; options: CallOptions | undefined },
): Promise<Looked> {
  const { name, question, options } = asked;
  const path = `/repos/${encodePath(name)}`;
  const nothing = { isRight: false, isConnected: false };
  try {
    const repository = await client.read({ method: 'GET', path, options }, repositorySchema);
    if (!repository.permissions.admin) {
      return { ...nothing, problems: [notAdmin(parts, name)] };
    }
    // Nothing is written to an archive; there is nothing to mend in it.
    if (repository.archived) return { problems: [], isRight: true, isConnected: false };
    const call = { method: 'GET', path: `${path}/hooks`, options } as const;
    const { items } = await client.readPages(call, hookSchema);
    const ours = items.filter((hook) => hook.config.url === question.target);
    const problem = hookProblem(ours);
    if (problem === undefined) return { problems: [], isRight: true, isConnected: true };
    const mend =
      ours.length > 1
        ? [`delete all but one: ${parts.url}/${name}/settings/hooks`]
        : [`signalbox connect ${parts.name} ${name}`];
    const finding = { subject: `webhook of ${name}`, ...problem, mend };
    return { problems: [finding], isRight: true, isConnected: false };
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    return { ...nothing, problems: [unreadable(parts, name, error)] };
  }
}

function notAdmin({ url }: Parts, name: string): Finding {
  return {
    tier: 'failure',
    subject: name,
    text: 'the bot is no admin collaborator',
    consequence: "it may not ask for people's roles, so it refuses every command",
    mend: [`give it the right "Administrator": ${url}/${name}/settings/collaboration`],
  };
}

function unreadable({ name: forge, url }: Parts, name: string, error: ForgeError): Finding {
  if (error.code === 'not_found') {
    return {
      tier: 'failure',
      subject: name,
      text: 'does not exist, or the bot may not see it',
      consequence: 'nothing in it is answered',
      mend: [`make the bot an admin collaborator: ${url}/${name}/settings/collaboration`],
    };
  }
  if (error.code === 'moved') {
    return {
      tier: 'failure',
      subject: name,
      text: `has another name now (${firstLine(error)})`,
      consequence: 'nothing in it is answered',
      mend: [`put the new name under forges.${forge}.repositories`],
    };
  }
  return { tier: 'failure', subject: name, text: firstLine(error), mend: ['try again'] };
}

type HookProblem = Pick<Finding, 'tier' | 'text' | 'consequence'>;

function hookProblem(ours: readonly Hook[]): HookProblem | undefined {
  const [hook, ...more] = ours;
  if (hook === undefined) {
    return {
      tier: 'failure',
      text: 'is missing',
      consequence: 'commands are found by listing comments only, up to a minute late',
    };
  }
  if (more.length > 0) {
    const text = `is there ${ours.length} times`;
    return { tier: 'warning', text, consequence: 'every delivery comes as often' };
  }
  const silent = 'commands are found by listing comments only, up to a minute late';
  if (!hook.active) return { tier: 'failure', text: 'is not active', consequence: silent };
  if (hook.config.content_type !== 'json') {
    const text = `sends ${hook.config.content_type ?? 'no content type'}, not json`;
    return { tier: 'warning', text, consequence: 'deliveries are a third longer' };
  }
  const wanted = [...HOOK_EVENTS.values()];
  const events = new Set(hook.events);
  const missing = wanted.filter((event) => !events.has(event));
  if (missing.length > 0) {
    const text = `does not listen to ${missing.join(', ')}`;
    const isDeaf = missing.includes('pull_request_comment');
    const consequence = isDeaf ? silent : 'runs for commits that were replaced go on to their end';
    return { tier: 'failure', text, consequence };
  }
  const extra = [...events].filter((event) => !wanted.includes(event));
  if (extra.length === 0) return undefined;
  const text = `listens to ${extra.join(', ')} as well`;
  return { tier: 'warning', text, consequence: 'deliveries that nobody needs' };
}
