import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Playground } from '../../src/forges/playground/server.ts';
import type { Random } from '../simulation/random.ts';
import { type FakeDrone, startFakeDrone } from '../support/fake-drone.ts';
import type { ForgeKind } from '../support/scenario.ts';
import { type ScenarioForge, startScenarioForge } from '../support/scenario-forge.ts';

export const SECRET = 'a-secret-of-the-chaos';
const REPOSITORIES = ['demo/shop', 'demo/blog'];
const PULLS = 24;
/** Of requests: so many meet an error before, and as many after they had their effect. */
const FAULT_SHARE = 0.04;
const STEP_MS = 500;

const SUITES = `suites:
  testme: { runner: drone, params: { RECIPE: shop } }
  smoke:
    runner: local
    stages: [install]
    recipe:
      version: 1
      app: notes
      deploy: process
      services:
        web: { run: [node, app.js], stop_grace: 1s }
      health:
        http: { service: web, path: /health }
        stable_for: 100ms
`;

export type On = { readonly repository: string; readonly pull: number };

export type FarSides = {
  readonly forge: Playground;
  readonly drone: FakeDrone;
  /** Login of the bot's comments. */
  readonly bot: string;
  /** What `signalbox.yml` says of the forge. */
  readonly access: ScenarioForge['config'];
  readonly droneToken: string;
  readonly pulls: readonly On[];
  readonly repositories: readonly string[];
  breakThings(random: Random): void;
  mendThings(): void;
};

/** A forge with open pull requests and a Drone that plays builds, both sending webhooks to `hookUrl`. */
export async function startFarSides(
  stack: AsyncDisposableStack,
  { kind, hookUrl }: { kind: ForgeKind; hookUrl: string },
): Promise<FarSides> {
  const roles = Object.fromEntries(REPOSITORIES.map((name) => [name, 'admin' as const]));
  const started = await startScenarioForge(kind, {
    repositories: REPOSITORIES,
    secret: SECRET,
    users: [{ login: 'bob', token: 'token-of-bob', roles }],
    deliveryWorkers: 8,
  });
  const { forge, bot, config: access, connect } = started;
  stack.use(forge);
  const drone = stack.use(
    await startFakeDrone({ webhook: { url: `${hookUrl}/hooks/drone/drone`, secret: SECRET } }),
  );
  const writes = Object.fromEntries(REPOSITORIES.map((name) => [name, 'write' as const]));
  const droneToken = drone.addUser('bot', { access: writes });
  const pulls: On[] = [];
  for (const repository of REPOSITORIES) {
    drone.addRepository(repository);
    pulls.push(...(await openPulls(forge, repository)));
  }
  await connect(`${hookUrl}/webhooks/acme`);
  drone.autoplay({ stepMs: STEP_MS });
  return {
    forge,
    drone,
    bot,
    access,
    droneToken,
    pulls,
    repositories: REPOSITORIES,
    breakThings: (random) => breakThings(forge, drone, random),
    mendThings: () => {
      forge.faults.clear();
      drone.faults.clear();
    },
  };
}

function breakThings(forge: Playground, drone: FakeDrone, random: Random): void {
  const chance = () => random.chance(FAULT_SHARE);
  for (const kind of ['before', 'after', 'reset-after'] as const)
    forge.faults.next({}, { kind, chance, times: Infinity });
  forge.faults.webhooks({
    lose: 0.1,
    duplicate: 0.3,
    shuffle: true,
    delayMs: 40,
    random: () => random.next(),
  });
  const kinds = ['before', 'after', 'reset-before', 'reset-after'] as const;
  drone.faults.decideBy(() =>
    random.chance(2 * FAULT_SHARE) ? { kind: random.pick(kinds) } : undefined,
  );
}

function readNotes(name: string): string {
  const file = new URL(`../fixtures/repos/notes/${name}`, import.meta.url);
  return readFileSync(fileURLToPath(file), 'utf8');
}

async function openPulls(forge: Playground, repository: string): Promise<readonly On[]> {
  const [owner = '', name = ''] = repository.split('/');
  const app = Object.fromEntries(['app.js', 'fault.js'].map((file) => [file, readNotes(file)]));
  const files = { '.signalbox.yml': SUITES, 'package.json': '{"type":"module"}\n', ...app };
  const made = await forge.addRepository({ owner, name, files });
  const sha = made.branches.get('main') ?? '';
  await forge.tag(repository, { name: 'v1.0.0', sha, by: 'bob' });
  const pulls: On[] = [];
  for (let number = 1; number <= PULLS; number += 1) {
    const branch = `topic-${number}`;
    const change = { files: { 'note.txt': `${number}\n` }, message: `Change ${number}`, by: 'bob' };
    await forge.commit(repository, { branch, ...change });
    const pull = await forge.openPull({ repository, title: branch, author: 'bob', head: branch });
    pulls.push({ repository, pull: pull.number });
  }
  return pulls;
}
