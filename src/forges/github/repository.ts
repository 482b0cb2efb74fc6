import { z } from 'zod';
import { isRole, type Role } from '../../domain/role.ts';
import { cutText } from '../../lib/cut-text.ts';
import { type CallOptions, type CommitState, type Forge, ForgeError } from '../forge.ts';
import { publishCheckRun } from './check-run.ts';
import { type GithubClient, parse } from './client.ts';
import { accountSchema, pullSchema, repositorySchema } from './payloads.ts';

type RepositoryCalls = Pick<
  Forge,
  'readPullRequest' | 'readRepository' | 'readRole' | 'readFile' | 'setStatus'
>;

const MAX_DESCRIPTION = 140;

export function createRepositoryCalls(
  client: GithubClient,
  roles: Readonly<Record<string, Role>>,
): RepositoryCalls {
  const readRepository: Forge['readRepository'] = async (repository, options) => {
    const route = 'GET /repos/{owner}/{repo}';
    return parse((await client.on(repository, { route, options })).data, repositorySchema, route);
  };

  /** A 404 is undefined when the repository itself is there, else thrown. */
  const orUndefined = async <T>(
    read: Promise<T>,
    at: { repository: string; options: CallOptions | undefined },
  ): Promise<T | undefined> => {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof ForgeError) || error.code !== 'not_found') throw error;
      await readRepository(at.repository, at.options);
      return undefined;
    }
  };

  const postLine: Forge['setStatus'] = async (repository, status, options) => {
    const parameters = {
      sha: status.sha,
      state: STATES[status.state],
      context: status.context,
      description: cutText(status.description, MAX_DESCRIPTION),
      ...(status.url === '' ? {} : { target_url: status.url }),
    };
    const route = 'POST /repos/{owner}/{repo}/statuses/{sha}';
    await client.on(repository, { route, parameters, options });
  };

  return {
    readRepository,

    async readPullRequest(repository, pull, options) {
      const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}';
      const parameters = { pull_number: pull };
      const answer = await client.on(repository, { route, parameters, options });
      return parse(answer.data, pullSchema, route);
    },

    /**
     * By the collaborator endpoint, never by the author association, which says nothing about writing. An account
     * whose login now belongs to another id has no role: logins are renamed and taken again.
     */
    async readRole(repository, account, options) {
      const route = 'GET /repos/{owner}/{repo}/collaborators/{username}/permission';
      const parameters = { username: account.login };
      const read = client.on(repository, { route, parameters, options });
      const answer = await orUndefined(read, { repository, options });
      if (answer === undefined) return 'none';
      const permission = parse(answer.data, permissionSchema, route);
      if (permission.user?.id !== account.id) return 'none';
      return roleOf(permission, roles, route);
    },

    async readFile(repository, path, ref, options) {
      const route = 'GET /repos/{owner}/{repo}/contents/{path}';
      if (ref === '' || ref.startsWith('refs/'))
        throw new ForgeError('invalid', `${route}: not a branch name or a full sha: ${ref}`);
      const read = client.on(repository, { route, parameters: { path, ref }, options });
      const answer = await orUndefined(read, { repository, options });
      return answer && decodeFile(parse(answer.data, contentsSchema, route), `${route} ${path}`);
    },

    async setStatus(repository, status, options) {
      if (!/^[0-9a-f]{40}$/.test(status.sha))
        throw new ForgeError('invalid', 'a commit status needs a full sha of 40 hex digits');
      if (!status.onlyDetails) await postLine(repository, status, options);
      if (status.details) await publishCheckRun(client, { repository, status, options });
    },
  };
}

/** GitHub has no warning: what a person should look at must not look good. */
const STATES: Readonly<Record<CommitState, string>> = {
  pending: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  warning: 'failure',
};

const permissionSchema = z.object({
  permission: z.string(),
  role_name: z.string().optional(),
  user: accountSchema.nullish(),
});

/**
 * `permission` knows four words, `role_name` also `maintain`, `triage` and the organisation's own roles: those count
 * as the operator says, else as the word that GitHub puts beside them.
 */
function roleOf(
  { permission, role_name: name = permission }: z.output<typeof permissionSchema>,
  custom: Readonly<Record<string, Role>>,
  route: string,
): Role {
  const mapped = Object.entries(custom).find(([own]) => own.toLowerCase() === name.toLowerCase());
  if (mapped) return mapped[1];
  // Nobody is made an owner by the name of a custom role.
  if (isRole(name) && name !== 'owner') return name;
  if (isRole(permission)) return permission;
  throw new ForgeError('unexpected', `${route}: unknown permission ${permission}`);
}

const contentsSchema = z.union([
  z.array(z.unknown()),
  z.object({
    type: z.string(),
    size: z.number(),
    encoding: z.string().nullish(),
    content: z.string().nullish(),
  }),
]);

/** Links are not followed: a configuration file is a file. Above 1 MB the encoding is `none`. */
function decodeFile(answer: z.output<typeof contentsSchema>, where: string): string {
  const refuse = (what: string, cause?: unknown) =>
    new ForgeError('invalid', `${where}: ${what}`, { status: 200, cause });
  if (Array.isArray(answer)) throw refuse('is a directory, not a file');
  if (answer.type !== 'file') throw refuse(`is a ${answer.type}, not a file`);
  if (answer.encoding === 'none') throw refuse('is too large');
  if (answer.encoding !== 'base64') throw refuse('has an unknown encoding');
  try {
    const bytes = Buffer.from(answer.content ?? '', 'base64');
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw refuse('is not UTF-8 text', error);
  }
}
