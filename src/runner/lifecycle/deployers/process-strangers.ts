import { ownedProcesses, type ProcessFacts, scanProcesses } from '../processes.ts';
import type { Version } from './deployer.ts';
import type { ProcessHost } from './process.ts';

type Leader = { readonly service: string; readonly pid: number };

/** Which checkout a process works from is what it was started with, and what it works in now. */
export function findStrangers(
  host: ProcessHost,
  version: Version,
  leaders: readonly Leader[],
): readonly { service: string; problem: string }[] {
  const owned = ownedProcesses(scanProcesses(), host.claim);
  const strangers = owned
    .filter((facts) => !runsFrom(facts, version))
    .map((facts) => {
      const service = leaders.find(({ pid }) => pid === facts.group)?.service ?? facts.command;
      return { service, problem: `\`${service}\` does not run from ${version.label}` };
    });
  const missing = leaders
    .filter(({ pid }) => !owned.some((facts) => facts.pid === pid))
    .map(({ service }) => ({ service, problem: `\`${service}\` does not run` }));
  return [...strangers, ...missing];
}

function runsFrom({ environment, workingDirectory }: ProcessFacts, version: Version): boolean {
  const { APP_SOURCE: source } = environment;
  if (source !== undefined) return source === version.directory;
  return workingDirectory.startsWith(version.directory);
}

export function describeProcess(facts: ProcessFacts): string {
  const megabytes = Math.round(facts.residentBytes / 1024 ** 2);
  return `${facts.pid}\tuser ${facts.user}\t${megabytes} MiB\t${facts.command}`;
}
