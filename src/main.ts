import { runCli } from './cli/cli.ts';

// Whoever reads us through a pipe may stop early: `signalbox runs | head -1` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.exitCode = await runCli(process.argv.slice(2));
