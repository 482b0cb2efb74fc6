import { z } from 'zod';
import type { Finding } from '../../domain/finding.ts';
import { EVENTS, PERMISSIONS } from './access.ts';

export const appSchema = z.object({
  id: z.int(),
  slug: z.string(),
  html_url: z.string(),
  owner: z.object({ login: z.string(), type: z.string().optional() }).nullish(),
  permissions: z.record(z.string(), z.string()),
  events: z.array(z.string()),
});
export type App = z.output<typeof appSchema>;

const LEVELS = ['none', 'read', 'write', 'admin'];

/** What does not work without it. */
const NEEDED_FOR: Readonly<Record<string, string>> = {
  metadata: 'nobody is asked for their role, so every command is refused',
  contents: 'neither .signalbox.yml nor the source can be read',
  issues: 'comments and reactions fail',
  pull_requests: 'pull requests cannot be read, and remarks on their lines not answered',
  statuses: 'commit statuses fail',
  checks: 'there are no check runs, annotations and buttons',
};

const HEARD_BY: Readonly<Record<string, string>> = {
  check_run: 'the buttons of a check do nothing',
  check_suite: '"Re-run all checks" does nothing',
  issue_comment: 'commands are found by listing comments only, up to a minute late',
  pull_request: 'runs for commits that were replaced go on to their end',
  pull_request_review: 'commands in reviews are not seen',
  pull_request_review_comment: 'commands on lines of the code are not seen',
};

/** What of the wanted permissions is not granted, as `issues: write`. */
export function missingPermissions(
  granted: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): readonly (readonly [name: string, level: string])[] {
  const rank = (level = 'none') => LEVELS.indexOf(level);
  return Object.entries(wanted).filter(([name, level]) => rank(granted[name]) < rank(level));
}

/** The page where the owner of the App changes what it may do. */
function permissionsPage({ slug, owner }: App, url: string): string {
  const isOrganization = owner?.type === 'Organization';
  const place = isOrganization ? `/organizations/${owner?.login}` : '';
  return `${url}${place}/settings/apps/${slug}/permissions`;
}

/** Permissions and events of the App against what the code uses. */
export function* accessFindings(app: App, url: string): Generator<Finding> {
  const page = permissionsPage(app, url);
  const missing = missingPermissions(app.permissions, PERMISSIONS);
  for (const [name, level] of missing) {
    yield {
      tier: 'failure',
      subject: 'permissions',
      text: `the App lacks ${name}: ${level}`,
      consequence: NEEDED_FOR[name] ?? 'calls that need it fail with 403',
      mend: [page],
    };
  }
  const tooMany = [
    ...missingPermissions(PERMISSIONS, app.permissions).map(([name, level]) => `${name}: ${level}`),
    ...app.events.filter((event) => !(EVENTS as readonly string[]).includes(event)),
  ];
  if (tooMany.length > 0) {
    yield {
      tier: 'warning',
      subject: 'permissions',
      text: `the App has more than it uses: ${tooMany.join(', ')}`,
      consequence: 'who gets hold of its key can do more harm',
      mend: [page],
    };
  }
  const deaf = EVENTS.filter((event) => !app.events.includes(event));
  for (const event of deaf) {
    yield {
      tier: 'failure',
      subject: 'events',
      text: `the App does not hear ${event}`,
      consequence: HEARD_BY[event] ?? 'what depends on it does not happen',
      mend: [page],
    };
  }
  if (missing.length + tooMany.length + deaf.length === 0)
    yield { tier: 'ok', subject: 'permissions', text: 'they and the events match app.yml' };
}
