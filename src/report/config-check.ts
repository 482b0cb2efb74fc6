import type { CommitStatus } from '../forges/forge.ts';
import type { CommandRecord } from '../ledger/commands.ts';
import { inlineCode, oneLine } from './escape.ts';
import type { ReporterOptions } from './reporter-options.ts';

const CONTEXT = 'signalbox/config';
const FILE = '.signalbox.yml';

/**
 * What is wrong with the repository's configuration, at its lines, beside the commit that could not be tested. Only
 * details: the comment says it already, and where a status is a single line it would stay there and block.
 */
export function configStatus(
  { url }: Pick<ReporterOptions, 'url'>,
  command: CommandRecord,
): readonly CommitStatus[] {
  const { headSha, configProblems = [], branch = 'main' } = command.detail;
  if (command.outcome !== 'config_invalid' || headSha === undefined) return [];
  const count = `${configProblems.length} ${configProblems.length === 1 ? 'problem' : 'problems'}`;
  const title = oneLine(`${FILE} on ${branch} has ${count}; nothing was started`);
  const rows = configProblems.map(({ line, message }) => `- line ${line}: ${oneLine(message)}`);
  return [
    statusOf({ url, sha: headSha, title, state: 'failure', key: command.id }, () => ({
      phase: 'failure',
      title,
      summary: `${inlineCode(FILE)} is read from ${inlineCode(branch)}.\n\n${rows.join('\n')}`,
      annotations: configProblems.map(({ path, line, message, suggestion }) => ({
        path: FILE,
        line: Math.max(1, line),
        level: 'failure',
        title: path === '' ? FILE : oneLine(path),
        message: suggestion ? `${oneLine(message)} Did you mean ${suggestion}?` : oneLine(message),
      })),
      buttons: [],
    })),
  ];
}

/** The next command on that commit found it mended. */
export function configMendedStatus(
  { url }: Pick<ReporterOptions, 'url'>,
  { id: key, detail }: CommandRecord,
): readonly CommitStatus[] {
  if (detail.configMended === undefined) return [];
  const title = `${FILE} is in order again`;
  const at = { url, sha: detail.configMended, title, state: 'success' as const, key };
  const rest = { summary: title, annotations: [], buttons: [] };
  return [statusOf(at, () => ({ phase: 'success', title, ...rest }))];
}

function statusOf(
  line: Pick<CommitStatus, 'url' | 'sha' | 'state'> & { title: string; key: string },
  read: NonNullable<CommitStatus['details']>['read'],
): CommitStatus {
  const { url, sha, title, state, key } = line;
  return {
    context: CONTEXT,
    sha,
    state,
    description: title,
    url: `${url}/help#repository`,
    onlyDetails: true,
    details: { key, version: title, read },
  };
}
