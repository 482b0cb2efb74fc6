import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGiteaForge } from '../../src/forges/gitea/index.ts';
import { createHttpClient } from '../../src/lib/http-client.ts';
import {
  type ApiExchange,
  apiExchanges,
  loadCases,
  RECORDED_SYSTEMS,
  startReplay,
} from '../support/recorded.ts';
import { CALLS } from './recorded-calls.ts';
import { NOT_CALLED } from './recorded-not-called.ts';

const TOKEN = 'a-token-that-must-not-leak';

for (const system of RECORDED_SYSTEMS) {
  const cases = loadCases(system, 'api');
  const find = (name: string) => {
    const found = cases.find((recorded) => recorded.name === name);
    assert.ok(found, `${system} has no case ${name}`);
    return found;
  };

  test(`every recorded API case of ${system} is either replayed or left out for a reason`, () => {
    assert.ok(cases.length > 80);
    const named = [...Object.keys(CALLS), ...Object.keys(NOT_CALLED)];
    assert.deepEqual(named.sort(), cases.map(({ name }) => name).sort());
  });

  for (const [name, replay] of Object.entries(CALLS)) {
    test(`${system} ${name}: ${replay.says}`, async (t) => {
      const more = (replay.with ?? []).flatMap((other) => apiExchanges(find(other)));
      const own = apiExchanges(find(name));
      const change = replay.change ?? ((exchange: ApiExchange) => exchange);
      const exchanges = [...own.map(change), ...more, ...(replay.add?.(own) ?? [])];
      await using server = await startReplay(exchanges, TOKEN);
      const http = createHttpClient({ timeoutMs: 5_000 });
      t.after(() => http.close());
      const forge = createGiteaForge({
        name: 'acme',
        kind: system.startsWith('forgejo') ? 'forgejo' : 'gitea',
        url: server.url,
        token: TOKEN,
        webhookSecret: 'correct horse battery staple',
        http,
      });
      await replay.run({ forge, exchanges: own, system });
      assert.ok(server.asked.length > 0, 'nothing was asked');
    });
  }
}
