import type { Register } from './register.ts';
import { registerSetupGitea } from './setup-gitea.ts';
import { registerSetupGithub } from './setup-github.ts';

export const registerSetup: Register = (program, setExitCode) => {
  const setup = program
    .command('setup')
    .description('introduces the bot to a forge: account or App, rights, webhooks');
  registerSetupGithub(setup, setExitCode);
  registerSetupGitea(setup, setExitCode);
};
