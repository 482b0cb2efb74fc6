import assert from 'node:assert/strict';
import type { Role } from '../../src/domain/role.ts';
import {
  answerOf,
  failsWith,
  named,
  nth,
  type Replay,
  type ReplayContext,
} from './recorded-replay.ts';

type Permission = { user: { id: number; login: string } };

function readRole({ forge, exchanges }: ReplayContext, at = 0, id?: string) {
  const exchange = nth(exchanges, at);
  const login = named(exchange).id || (exchange.request.path.split('/').at(-2) ?? '');
  const known = exchange.response.status === 200 ? answerOf<Permission>(exchange).user.id : 99;
  return forge.readRole(named(exchange).repository, { id: id ?? String(known), login });
}

const hasRole = (says: string, gitea: Role, forgejo: Role = gitea): Replay => ({
  says,
  async run(context) {
    const wanted = context.system.startsWith('gitea') ? gitea : forgejo;
    assert.equal(await readRole(context), wanted);
    assert.equal(await readRole(context, 0, '4711'), 'none', 'the login of somebody else by now');
  },
});

/** The 404 of a repository that may not be seen, as `private-404` has it for others. */
const unseen = (path: string, like: ReturnType<typeof nth>) => ({
  ...like,
  request: { method: 'GET', path },
});

export const ROLE_CALLS: Readonly<Record<string, Replay>> = {
  'permission-admin': hasRole('an admin collaborator is admin', 'admin'),
  'permission-org-owner': hasRole('the owner of the organisation is owner', 'owner'),
  'permission-outsider-private-repo': hasRole('an outsider has no role in private', 'none'),
  'permission-outsider-public-repo': hasRole('an outsider reads what is public', 'read'),
  'permission-read': hasRole('a reader reads', 'read'),
  'permission-restricted': hasRole('a restricted account reads at most', 'read', 'none'),
  'permission-self': hasRole('the bot learns its own role', 'admin'),
  'permission-site-admin': hasRole('a site admin is owner', 'owner'),
  'permission-team-admin': hasRole('an admin by team is owner', 'owner'),
  'permission-write': hasRole('a writer writes', 'write'),
  'permission-unknown-user': {
    says: 'an account that does not exist has no role',
    run: async (context) => assert.equal(await readRole(context), 'none'),
  },
  'permission-as-writer': {
    says: 'a bot that is no admin may not ask',
    run: (context) => failsWith(readRole(context), 'forbidden', /Only admins can query/),
  },
  'permission-bot-without-access': {
    says: 'a repository that may not be seen is not_found, not a person without a role',
    add: (own) => [
      unseen('/api/v1/repos/acme/safe', nth(own)),
      unseen('/api/v1/repos/acme/never-was', nth(own)),
    ],
    async run(context) {
      await failsWith(readRole(context, 0), 'not_found');
      await failsWith(readRole(context, 1), 'not_found');
    },
  },
  'permission-lost-after-team-removal': {
    says: 'the bot sees that its own rights are gone, and that they are back',
    async run(context) {
      const seen: string[] = [];
      for (let at = 0; at < 4; at += 1)
        seen.push(await readRole(context, 0, '10').catch((error: { code: string }) => error.code));
      const lost = context.system.startsWith('gitea') ? 'read' : 'forbidden';
      assert.deepEqual(seen, ['admin', lost, lost, 'admin']);
    },
  },
};
