import type { Command } from 'commander';
import { repositoryAllowed } from '../domain/repository-pattern.ts';
import { ForgeError } from '../forges/forge.ts';
import { withApp } from './environment.ts';
import { CliError } from './errors.ts';
import { clean, print, printJson } from './output.ts';
import type { Register } from './register.ts';

type Options = { json?: boolean };

export const registerConnect: Register = (program) => {
  program
    .command('connect <forge> <repository>')
    .description('creates or repairs the webhook of a repository (owner/name); safe to repeat')
    .option('--json', 'as JSON')
    .action(async (name: string, repository: string, options: Options, command: Command) => {
      await withApp(command, async (app) => {
        const forge = app.forges.get(name);
        if (!forge) throw unknownForge(name, [...app.forges.keys()]);
        if (!repositoryAllowed(app.config.forges[name]?.repositories ?? [], repository)) {
          throw new CliError(
            `${repository} is not among the repositories that ${name} obeys`,
            `Add it under \`forges.${name}.repositories\` in signalbox.yml.`,
          );
        }
        const target = `${app.config.url}/webhooks/${name}`;
        try {
          const { outcome, id } = await forge.ensureWebhook(repository, target);
          if (options.json) return printJson({ id, repository, outcome, target });
          return print(`webhook ${id} of ${repository}: ${outcome}, delivers to ${target}`);
        } catch (error) {
          if (!(error instanceof ForgeError)) throw error;
          throw new CliError(error.message, `${forge.rightsHint}.`);
        }
      });
    });
};

export function unknownForge(name: string, known: readonly string[]): CliError {
  return new CliError(
    `there is no forge "${clean(name)}" in signalbox.yml`,
    `There is: ${known.join(', ') || 'none yet; add one under `forges:`'}.`,
  );
}
