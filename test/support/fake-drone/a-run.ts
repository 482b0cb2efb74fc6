import type { Run } from '../../../src/domain/run.ts';

export const SHA = '2d6deb3393b19b60ec2ac74e6be174fc807fe50f';

/** A queued Drone run of `acme/app`, asked for at the second zero of 2026-11-21 12:45 UTC. */
export function aDroneRun(fields: Partial<Run> = {}): Run {
  return {
    id: '01K9ZQ8DRONERUN0000000001',
    number: 902,
    forge: 'acme',
    repository: 'acme/app',
    pull: 7,
    commandId: 'command-1',
    suite: 'testme',
    runner: 'drone',
    sha: SHA,
    headRef: 'feature/one',
    plan: { kind: 'remote', params: { RECIPE: 'shop' }, timeoutMs: 3_600_000 },
    state: 'queued',
    rev: 1,
    attempt: 1,
    queuedAt: 1_795_265_100_000,
    cleanliness: { state: 'unknown' },
    remote: {},
    stages: [],
    ...fields,
  };
}
