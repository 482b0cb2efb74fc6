// A process that gives many commands, one call of the CLI after another: hammer.ts <first> <last>.
import { runCli } from '../../src/cli/cli.ts';
import { REPOSITORY } from './installation.ts';

const [first = 0, last = 0] = process.argv.slice(2).map(Number);
let failures = 0;
for (let n = first; n <= last; n += 1) {
  const code = await runCli(['trigger', 'acme', `${REPOSITORY}#1`, '!help', '--json']);
  if (code !== 0) failures += 1;
}
process.exitCode = failures;
