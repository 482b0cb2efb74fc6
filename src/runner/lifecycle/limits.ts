import { readFileSync } from 'node:fs';
import type { Recipe } from '../../domain/recipe.ts';
import { scanProcesses } from './processes.ts';

/** V8 and the JVM map far more writable memory than they use; how much is really used is watched by us. */
const MAPPING_HEADROOM_BYTES = 1024 ** 3;

/**
 * Arguments for `prlimit` of util-linux. The limit on processes counts all of a user's threads: as root the
 * run has a user of its own; else what our own user already runs is added.
 */
export function limitArguments(
  resources: Recipe['resources'],
  lockLimit: string,
  user: number | undefined,
): readonly string[] {
  const present = user === undefined ? threadsOf(process.getuid?.() ?? 0) : 0;
  return [
    argument('nproc', resources.pids + present, 'Max processes'),
    argument('data', resources.memoryBytes + MAPPING_HEADROOM_BYTES, 'Max data size'),
    argument('fsize', resources.fileBytes, 'Max file size'),
    argument('core', 0, 'Max core file size'),
    `--locks=${lockLimit}:${lockLimit}`,
  ];
}

/** A hard limit can only be lowered: where ours is below what is wanted, it stays. */
function argument(name: string, wanted: number, label: string): string {
  const pattern = new RegExp(`^${label}\\s+\\S+\\s+(\\S+)`, 'm');
  const present = pattern.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const hard = present === undefined || present === 'unlimited' ? wanted : Number(present);
  const value = Math.min(wanted, hard);
  return `--${name}=${value}:${value}`;
}

function threadsOf(user: number): number {
  const others = scanProcesses().filter((facts) => facts.user === user);
  const own = Number(
    /^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 1,
  );
  return others.reduce((sum, facts) => sum + facts.threads, own);
}
