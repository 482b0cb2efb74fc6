import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { runTests } from './run.js';

const url = process.env.APP_URL;
const SECONDS = 60;

await runTests('api', {
  'the front page answers for a whole minute': async () => {
    for (let second = 1; second <= SECONDS; second += 1) {
      assert.equal((await fetch(url)).status, 200);
      console.log(`second ${second} of ${SECONDS}`);
      await sleep(1_000);
    }
  },
});
