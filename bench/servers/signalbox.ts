import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { createMask } from '../../src/lib/redact.ts';
import { openServingLedger, startService } from '../../src/service.ts';

/**
 * `signalbox serve --role <argument>`, configured by SIGNALBOX_ variables alone; here `web` works on SQLite too, where
 * the command line asks for both roles, so that the same thing is measured on both ledgers.
 */
const loaded = loadConfig();
if ('error' in loaded) throw loaded.error;
const { config, secrets } = loaded;
const ledger = await openServingLedger(config);
const log = createLogger({ level: config.log.level, mask: createMask(secrets) });
const role = process.argv[2] === 'all' ? 'all' : 'web';
const app = await createApp({ config, log, version: 'bench' }, ledger);
const service = await startService(app, role);
process.stdout.write(`listening ${new URL(service.address).port}\n`);
process.once('SIGTERM', () => void service.stop().then(() => process.exit(0)));
