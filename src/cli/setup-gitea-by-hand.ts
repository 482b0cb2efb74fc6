import type { Finding } from '../domain/finding.ts';
import { TOKEN_SCOPES } from '../forges/gitea/examine-scopes.ts';
import { createGiteaForge } from '../forges/gitea/index.ts';
import { exitCodeOf, tallyOf } from '../maintenance/doctor.ts';
import { printFindings } from './findings.ts';
import { print, printJson } from './output.ts';
import type { GiteaSetup } from './setup-gitea.ts';

/** Nobody's webhook: there is none to be looked for yet, and an empty secret is refused. */
const NO_SECRET = 'no secret is known yet';

/** Without an admin's token: what to click, and where. */
export function tellByHand(wanted: GiteaSetup): void {
  const { kind, url, forge, options } = wanted;
  const repositories = options.repository.length > 0 ? options.repository : ['owner/name'];
  const again = [
    `signalbox setup ${kind} ${url} --token <the token>`,
    ...options.repository.map((repository) => `--repository ${repository}`),
  ].join(' ');
  const steps = [
    { what: `Make an account for the bot: ${options.bot}`, links: [`${url}/user/sign_up`] },
    {
      what: `Log in as it and make a token with ${TOKEN_SCOPES.join(', ')}`,
      links: [`${url}/user/settings/applications`],
    },
    {
      what: `Make it a collaborator with the right "Administrator"`,
      links: repositories.map((repository) => `${url}/${repository}/settings/collaboration`),
    },
    {
      what: 'Make the webhooks',
      links: repositories.map((repository) => `signalbox connect ${forge} ${repository}`),
    },
  ];
  if (options.json) {
    printJson({ steps, next: again });
    return;
  }
  for (const [index, { what, links }] of steps.entries()) {
    print(`${index + 1}. ${what}`);
    for (const link of links) print(`   ${link}`);
  }
  print(`\nCheck it after step 3: ${again}`);
}

/** Looks whether all of it was done; the exit code is that of `doctor`. */
export async function checkByHand(wanted: GiteaSetup, token: string): Promise<number> {
  const { kind, url, forge, options, http, config } = wanted;
  const known = config?.forges[forge];
  const given = known !== undefined && known.kind !== 'github' ? known : undefined;
  const examined = createGiteaForge({
    name: forge,
    kind: given?.kind ?? kind,
    url,
    token,
    webhookSecret: given?.webhookSecret ?? NO_SECRET,
    http,
  });
  const repositories =
    options.repository.length > 0 ? options.repository : (given?.repositories ?? []);
  const target = config === undefined ? '' : `${config.url}/webhooks/${forge}`;
  const findings: Finding[] = [];
  for await (const finding of examined.examine({ repositories, target, now: Date.now() })) {
    const isOfWebhooks = finding.subject.startsWith('webhook');
    if (given === undefined && isOfWebhooks) continue;
    if (repositories.length === 0 && finding.subject === 'repositories') continue;
    findings.push(finding);
  }
  const tally = tallyOf(findings);
  if (options.json) printJson({ findings, tally });
  else printFindings(findings);
  return exitCodeOf(tally);
}
