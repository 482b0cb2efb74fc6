import { COMMANDS } from '../domain/commands.ts';
import type { HelpSection } from './pages/source.ts';

/** The help pages: projections of the tables that the code itself uses. */
export function helpSections(): readonly HelpSection[] {
  return [
    ...Object.values(COMMANDS)
      .filter((spec) => spec.available)
      .map((spec) => ({
        id: spec.name,
        title: spec.usage,
        text: `${spec.summary}\n\nNeeds the role ${spec.required}${spec.orRequester ? ', or to be who asked for the run' : ''}.`,
      })),
    {
      id: 'repository',
      title: 'How a repository is set up',
      text: 'A file named .signalbox.yml on the default branch says which suites there are. It is obeyed from there only; the version in a pull request is never used for its own run.',
    },
  ];
}
