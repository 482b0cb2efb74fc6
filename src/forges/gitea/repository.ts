import type { z } from 'zod';
import { isRole } from '../../domain/role.ts';
import { cutText } from '../../lib/cut-text.ts';
import { type CallOptions, type Forge, ForgeError } from '../forge.ts';
import { type GiteaClient, withoutGuard } from './client.ts';
import { explainServerError } from './errors.ts';
import { encodePath } from './links.ts';
import { contentsSchema, permissionSchema, pullSchema, repositorySchema } from './payloads.ts';

type RepositoryCalls = Pick<
  Forge,
  'readPullRequest' | 'readRepository' | 'readRole' | 'readFile' | 'setStatus'
>;

const MAX_DESCRIPTION = 140;

export function createRepositoryCalls(client: GiteaClient): RepositoryCalls {
  const readRepository: Forge['readRepository'] = (repository, options) =>
    client.read({ method: 'GET', path: pathOf(repository), options }, repositorySchema);

  /** Runs `read`; a 404 is undefined when the repository itself is there, else `not_found`. */
  async function orUndefined<Value>(
    read: Promise<Value>,
    says404: { isClear: (message: string) => boolean; repository: string; options?: CallOptions },
  ): Promise<Value | undefined> {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof ForgeError) || error.code !== 'not_found') throw error;
      // Versions word their 404s differently; a repository that may not be seen has one too.
      if (!says404.isClear(error.message))
        await readRepository(says404.repository, says404.options);
      return undefined;
    }
  }

  return {
    readRepository,

    readPullRequest: (repository, pull, options) =>
      client.read(
        { method: 'GET', path: `${pathOf(repository)}/pulls/${pull}`, options },
        pullSchema,
      ),

    /** An account whose login now belongs to another id has no role: logins are renamed and taken again. */
    async readRole(repository, account, options) {
      const path = `${pathOf(repository)}/collaborators/${encodeURIComponent(account.login)}/permission`;
      const answer = await orUndefined(
        client.read({ method: 'GET', path, options }, permissionSchema),
        {
          isClear: (message) => /\buser (redirect )?does not exist\b/.test(message),
          repository,
          ...(options ? { options } : {}),
        },
      );
      if (answer === undefined || answer.user.id !== account.id) return 'none';
      if (isRole(answer.permission)) return answer.permission;
      throw new ForgeError('unexpected', `GET ${path}: unknown permission`);
    },

    async readFile(repository, path, ref, options) {
      const call = `${pathOf(repository)}/contents/${encodePath(path)}`;
      // Gitea answers 404 to every full ref and Forgejo does not: refused here, so that both say the same.
      if (ref === '' || ref.startsWith('refs/'))
        throw new ForgeError('invalid', `GET ${call}: not a branch name or a full sha: ${ref}`);
      const answer = await orUndefined(
        client.read({ method: 'GET', path: call, query: { ref }, options }, contentsSchema),
        {
          isClear: (message) => /\bobject does not exist\b|GetContentsOrList/.test(message),
          repository,
          ...(options ? { options } : {}),
        },
      );
      if (answer === undefined || (Array.isArray(answer) && answer.length === 0)) return undefined;
      return decodeFile(answer, `GET ${call}`);
    },

    async setStatus(repository, status, options) {
      if (status.onlyDetails) return;
      const path = `${pathOf(repository)}/statuses/${status.sha}`;
      // The server takes a short sha or a branch name and resolves it to something we did not mean.
      if (!/^[0-9a-f]{40}$/.test(status.sha))
        throw new ForgeError('invalid', 'a commit status needs a full sha of 40 hex digits');
      const body = {
        state: status.state,
        ...(status.url === '' ? {} : { target_url: status.url }),
        ...(status.description === ''
          ? {}
          : { description: cutText(status.description, MAX_DESCRIPTION) }),
        context: status.context,
      };
      await client
        .call({ method: 'POST', path, body, options })
        .catch(explainByCommit(client, { repository, sha: status.sha }, options));
    },
  };
}

const pathOf = (repository: string) => `/repos/${encodePath(repository)}`;

/**
 * Links are not followed: a configuration file is a file. Above 10 MiB Gitea sends `null` as content and Forgejo an
 * empty string.
 */
function decodeFile(answer: z.output<typeof contentsSchema>, where: string): string {
  const refuse = (what: string, cause?: unknown) =>
    new ForgeError('invalid', `${where}: ${what}`, { status: 200, cause });
  if (Array.isArray(answer)) throw refuse('is a directory, not a file');
  if (answer.type !== 'file') throw refuse(`is a ${answer.type}, not a file`);
  if (typeof answer.content !== 'string' || (answer.content === '' && answer.size > 0))
    throw refuse('is too large');
  if (answer.encoding !== 'base64') throw refuse('has an unknown encoding');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(answer.content, 'base64'));
  } catch (error) {
    throw refuse('is not UTF-8 text', error);
  }
}

/** A sha that is not in the repository is a 500 without a word; asking for the commit tells it from trouble. */
function explainByCommit(
  client: GiteaClient,
  at: { repository: string; sha: string },
  options?: CallOptions,
) {
  const path = `${pathOf(at.repository)}/git/commits/${at.sha}`;
  return (error: unknown) =>
    explainServerError(error, () =>
      client.call({ method: 'GET', path, options: withoutGuard(options) }),
    );
}
