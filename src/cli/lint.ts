import { readFileSync } from 'node:fs';
import { formatProblems } from '../domain/config-problems.ts';
import { parseRepoConfig } from '../domain/repo-config.ts';
import type { Register } from './cli.ts';
import { CliError } from './environment.ts';
import { print, printJson } from './output.ts';

export const registerLint: Register = (program, setExitCode) => {
  program
    .command('lint [file]')
    .description('checks a .signalbox.yml, without a server or an account')
    .option('--json', 'as JSON')
    .action((file: string | undefined, options: { json?: boolean }) => {
      const path = file ?? '.signalbox.yml';
      const result = parseRepoConfig(readText(path), {
        today: new Date().toISOString().slice(0, 10),
      });
      const problems = 'problems' in result ? result.problems : [];
      setExitCode(problems.length === 0 ? 0 : 1);
      if (options.json) return printJson(problems);
      return print(problems.length === 0 ? `${path} is right.` : formatProblems(path, problems));
    });
};

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new CliError(
      `${path} cannot be read`,
      'Name the file: signalbox lint path/to/.signalbox.yml',
    );
  }
}
