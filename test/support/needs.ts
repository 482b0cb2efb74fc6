/**
 * What `test/run.ts` started for the tests. A test that needs what is not there is skipped and says so; with
 * `CI=true` nothing may be skipped, so it fails instead.
 */
function need(name: string, value: string | undefined): { url: string; skip: string | false } {
  if (value) return { url: value, skip: false };
  if (process.env.CI === 'true') throw new Error(`${name} is not there, and CI may skip nothing`);
  return { url: '', skip: `SKIPPED: ${name} is not there; ./bin/test starts it` };
}

export const postgres = () => need('PostgreSQL', process.env.TEST_DATABASE_URL);
export const redis = () => need('Redis', process.env.TEST_REDIS_URL);
