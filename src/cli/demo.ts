import { CliError } from './errors.ts';
import { clean, print } from './output.ts';
import type { Register } from './register.ts';
import { untilAsked } from './serve.ts';

export const registerDemo: Register = (program, setExitCode) => {
  program
    .command('demo')
    .description(
      'the whole product on this machine, with a forge of its own and nothing else needed',
    )
    .option('--check', 'without a person: comments, follows, ends 0 only if all went as it should')
    .option('--port <n>', "of the forge's pages; the bot takes the next one", '8090')
    .action(async (options: { check?: boolean; port: string }) => {
      const asked = untilAsked();
      const port = options.check ? 0 : parsePort(options.port);
      const [{ startDemo }, { checkDemo }, { DEMO_REPOSITORY }] = await Promise.all([
        import('./demo-start.ts'),
        import('./demo-check.ts'),
        import('./demo-seed.ts'),
      ]);
      await using demo = await startDemo({ port });
      if (options.check) {
        const verdict = await Promise.race([checkDemo(demo.forgeUrl), asked]);
        setExitCode(verdict === true ? 0 : 1);
        return;
      }
      print(`\n  A small forge with a shop on it:  ${demo.forgeUrl}/${DEMO_REPOSITORY}/pulls`);
      print(`  Signalbox itself:                 ${demo.botUrl}\n`);
      print('  Open a pull request there and comment !testme.');
      print('  Ctrl-C ends it and leaves nothing behind.\n');
      await asked;
      print('Stopping, and removing all that it started …');
    });
};

/** The bot listens on the port after. */
function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_534) return port;
  throw new CliError(
    `"${clean(text)}" is no port of the forge`,
    'Choose one from 1024 to 65534: ./bin/demo --port 18090',
    64,
  );
}
