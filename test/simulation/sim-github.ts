import type { AccessEvent, Account, ButtonEvent } from '../../src/domain/forge-event.ts';
import { type CallOptions, type CommitStatus, ForgeError } from '../../src/forges/forge.ts';
import { publishCheckRun } from '../../src/forges/github/check-run.ts';
import type { ApiCall, GithubClient } from '../../src/forges/github/client.ts';
import { createRedeliver } from '../../src/forges/github/redeliver.ts';
import { REPOSITORY } from './sim-forge.ts';
import type { World } from './world.ts';

/** What GitHub has besides: check runs with buttons, a log of deliveries, limits, and an App that can be suspended. */
export type SimCheck = {
  readonly id: number;
  readonly key: string;
  readonly name: string;
  readonly sha: string;
  /** `queued`, `in_progress` or the conclusion. */
  phase: string;
};

export type SimDelivery = {
  readonly guid: string;
  readonly at: number;
  isGood: boolean | undefined;
};
export type GithubEvent = ButtonEvent | AccessEvent;
export type Press = { readonly guid: string; readonly at: number };

export type SimGithub = {
  readonly checks: readonly SimCheck[];
  readonly presses: readonly Press[];
  press(check: SimCheck, actor: Account, action: ButtonEvent['action']): void;
  suspend(ms: number, by: Account): void;
  isSuspended(): boolean;
  /** A webhook is on its way; what becomes of it is set in the row. */
  sending(guid: string): SimDelivery;
  create(fields: Readonly<Record<string, unknown>>): SimCheck;
  update(id: number, fields: Readonly<Record<string, unknown>>): void;
  readonly log: readonly SimDelivery[];
};

export function createSimGithub(
  world: World,
  emit: (event: GithubEvent, guid: string) => void,
): SimGithub {
  const checks: SimCheck[] = [];
  const presses: Press[] = [];
  const log: SimDelivery[] = [];
  let suspendedUntil = 0;
  let guids = 0;
  const tell = (event: GithubEvent) => {
    guids += 1;
    const guid = `guid-${guids}`;
    emit(event, guid);
    return guid;
  };
  const access = (kind: AccessEvent['access'], actor: Account) =>
    tell({ kind: 'access-changed', access: kind, actor, repositories: [REPOSITORY] });
  const phaseOf = (fields: Readonly<Record<string, unknown>>) =>
    String(fields.conclusion ?? fields.status);

  return {
    checks,
    presses,
    log,
    press: (check, actor, action) => {
      const { key, sha } = check;
      const event = {
        kind: 'button-pressed',
        repository: REPOSITORY,
        actor,
        action,
        sha,
        key,
      } as const;
      presses.push({ guid: tell(event), at: world.now() });
    },
    suspend: (ms, by) => {
      suspendedUntil = world.now() + ms;
      access('suspended', by);
      world.after(ms, () => access('granted', by));
    },
    isSuspended: () => world.now() < suspendedUntil,
    sending: (guid) => {
      const at = Math.floor(world.now() / 1000) * 1000;
      const row: SimDelivery = { guid, at, isGood: undefined };
      log.push(row);
      return row;
    },
    create: (fields) => {
      const check = {
        id: checks.length + 1,
        key: String(fields.external_id),
        name: String(fields.name),
        sha: String(fields.head_sha),
        phase: phaseOf(fields),
      };
      checks.push(check);
      return check;
    },
    update: (id, fields) => {
      const check = checks.find((one) => one.id === id);
      if (!check) throw new ForgeError('not_found', `check run ${id}: 404`);
      if (fields.status !== undefined) check.phase = phaseOf(fields);
    },
  };
}

type Call = <T>(name: string, options: CallOptions | undefined, effect: () => T) => Promise<T>;

/** The adapter's own check runs and redelivery, over the simulated far side instead of Octokit. */
export function githubCalls(
  github: SimGithub,
  parts: { read: Call; write: Call; again: (guid: string) => void },
) {
  const { read, write } = parts;
  const answer = (data: unknown) => ({ status: 200, headers: {}, data });
  const client: Pick<GithubClient, 'on' | 'pages' | 'asApp'> = {
    on: (_repository, { route, parameters = {}, options }: ApiCall) =>
      write(`${route.startsWith('POST') ? 'creates' : 'updates'} a check run`, options, () => {
        if (route.startsWith('POST')) return answer({ id: github.create(parameters).id });
        github.update(Number(parameters.check_run_id), parameters);
        return answer({});
      }),
    pages: async function* (_repository, { parameters = {}, options }) {
      yield* await read('list check runs', options, () =>
        github.checks
          .filter((one) => one.sha === parameters.ref && one.name === parameters.check_name)
          .map(({ id, key }) => ({ id, external_id: key, output: { annotations_count: 0 } })),
      );
    },
    asApp: ({ route, parameters = {}, options }) =>
      route.startsWith('POST')
        ? write('asks for a delivery again', options, () => {
            const row = github.log[Number(parameters.delivery_id) - 1];
            if (row) parts.again(row.guid);
            return answer({});
          })
        : read('list deliveries', options, () => answer(github.log.map(toRow).toReversed())),
  };
  return {
    publish: (status: CommitStatus, options: CallOptions | undefined) =>
      publishCheckRun(client, { repository: REPOSITORY, status, options }),
    redeliverFailed: createRedeliver(client),
  };
}

function toRow({ guid, at, isGood }: SimDelivery, index: number) {
  const delivered_at = new Date(at).toISOString();
  const status = isGood === undefined ? {} : { status_code: isGood ? 202 : 502 };
  return { id: index + 1, guid, delivered_at, ...status };
}
