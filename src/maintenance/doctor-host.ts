import { access, constants, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../domain/finding.ts';
import { sentence } from './doctor.ts';

const WARNING_PERCENT = 80;
const FAILURE_PERCENT = 95;
const OTHERS_MAY_READ = 0o004;

/** The directory of `data`, and the disk below it. */
export async function* examineData(data: string): AsyncGenerator<Finding> {
  const found = await stat(data).catch((error: unknown) => error);
  if (found instanceof Error) {
    const isAbsent = 'code' in found && found.code === 'ENOENT';
    const text = isAbsent ? `${data} does not exist` : sentence(found);
    const mend = [isAbsent ? 'signalbox migrate' : `ls -ld ${data}`];
    yield { tier: 'failure', subject: 'data', text, consequence: 'nothing can be kept', mend };
    yield { tier: 'skipped', subject: 'disk', text: 'needs data' };
    return;
  }
  yield await examineRights(data);
  yield diskFinding(await statfs(data), data);
}

async function examineRights(data: string): Promise<Finding> {
  const subject = 'data';
  const rights = constants.R_OK | constants.W_OK | constants.X_OK;
  const denied = await access(data, rights).then(
    () => undefined,
    (error: unknown) => sentence(error),
  );
  if (denied !== undefined) {
    return {
      tier: 'failure',
      subject,
      text: `${data} cannot be written (${denied})`,
      consequence: 'nothing can be kept',
      mend: [`chown -R "$(id -un)" ${data}`],
    };
  }
  // A directory that others may pass through is what children without rights need; a ledger in it that they may
  // read is not: it holds the key of our markers, and they run the code under test.
  const open: string[] = [];
  for (const path of [data, join(data, 'ledger.sqlite'), join(data, 'credentials')]) {
    const mode = await stat(path).then(
      (one) => one.mode,
      () => 0,
    );
    if ((mode & OTHERS_MAY_READ) !== 0) open.push(path);
  }
  if (open.length === 0)
    return { tier: 'ok', subject, text: `${data}, writable, closed to others` };
  return {
    tier: 'warning',
    subject,
    text: `every account of this host may read ${open.join(' and ')}`,
    consequence: 'the code under test runs on this host as well, and may read them too',
    mend: [`chmod o-rw ${open.join(' ')}`],
  };
}

/** @internal */
export function diskFinding(
  disk: { readonly blocks: number; readonly bavail: number; readonly bsize: number },
  data: string,
): Finding {
  const subject = 'disk';
  if (disk.blocks === 0) return { tier: 'skipped', subject, text: 'its size is not known' };
  const used = Math.round((1 - disk.bavail / disk.blocks) * 100);
  const text = `${used} % used, ${toGigabytes(disk.bavail * disk.bsize)} GB free`;
  if (used < WARNING_PERCENT) return { tier: 'ok', subject, text };
  const isFull = used >= FAILURE_PERCENT;
  return {
    tier: isFull ? 'failure' : 'warning',
    subject,
    text,
    consequence: isFull
      ? 'when it is full, webhooks are answered 503 and runs fail'
      : `from ${FAILURE_PERCENT} % on it is a failure`,
    mend: [`du -xsh ${join(data, 'runs')} ${join(data, 'workspaces')}`, 'limits.keepDays: 30'],
  };
}

function toGigabytes(bytes: number): string {
  const value = bytes / 1e9;
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}
