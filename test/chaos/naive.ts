import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { armFromText } from '../../src/lib/crash-point.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { RemoteRunner } from '../../src/runner/runner.ts';
import { openServingLedger, type Role, startService } from '../../src/service.ts';

/**
 * `serve` with the protocol taken out: before a build is created nobody looks whether there is one already. The
 * suite must catch it, or it would catch nothing.
 */
async function main(argv: readonly string[]): Promise<void> {
  const flag = (name: string) => argv[argv.indexOf(name) + 1] ?? '';
  const loaded = loadConfig({ file: flag('--config') });
  if ('error' in loaded) throw loaded.error;
  if (argv.includes('--crash-at')) armFromText(flag('--crash-at'));
  const { config } = loaded;
  const log = createLogger({ level: config.log.level, mask: (text) => text });
  const ledger = await openServingLedger(config);
  const app = await createApp({ config, log, version: 'naive' }, ledger);
  const runners = app.context.remoteRunners as Map<string, RemoteRunner>;
  for (const [name, runner] of runners)
    runners.set(name, { ...runner, settleMs: 0, find: async () => undefined });
  await startService(app, flag('--role') as Role);
  log.info('signalbox is up');
}

await main(process.argv.slice(2));
