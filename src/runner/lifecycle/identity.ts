import { createHash } from 'node:crypto';

/**
 * How we know what is ours. Every process of a run carries its run and this installation in its environment,
 * and a number made from both as its limit on file locks. The kernel ignores that limit since Linux 2.6, hands
 * it to every descendant, and shows it in /proc/<pid>/limits: it outlives `env -i`, `setsid` and `chdir`.
 */
export type Claim = {
  readonly installation: string;
  readonly runId: string;
  /** Only what this attempt left; absent means all attempts of the run. */
  readonly attempt?: number;
  /** Directories that only this run's children work in. */
  readonly workspaces: readonly string[];
  /** Users that only run children of ours; absent when we are not root. */
  readonly users?: { readonly from: number; readonly to: number };
};

export const RUN_MARK = 'SIGNALBOX_RUN';
export const ATTEMPT_MARK = 'SIGNALBOX_ATTEMPT';
export const INSTALLATION_MARK = 'SIGNALBOX_INSTALLATION';

export function marksOf(claim: Claim): Record<string, string> {
  return {
    [RUN_MARK]: claim.runId,
    [ATTEMPT_MARK]: String(claim.attempt ?? 0),
    [INSTALLATION_MARK]: claim.installation,
  };
}

const ATTEMPT_BITS = 0xffn;

/** A number below 2^62, decimal; its lowest eight bits are the attempt. */
export function limitMark(claim: Claim): string {
  return String(limitBase(claim) | (BigInt(claim.attempt ?? 0) & ATTEMPT_BITS));
}

/** Whether a limit on file locks, as /proc shows it, is the mark of what is claimed. */
export function isLimitMark(limit: string, claim: Claim): boolean {
  if (!/^\d{1,19}$/.test(limit)) return false;
  const value = BigInt(limit);
  if ((value & ~ATTEMPT_BITS) !== limitBase(claim)) return false;
  return claim.attempt === undefined || (value & ATTEMPT_BITS) === BigInt(claim.attempt & 0xff);
}

function limitBase(claim: Claim): bigint {
  const hash = createHash('sha256').update(`${claim.installation}\0${claim.runId}`).digest();
  return (hash.readBigUInt64BE() >> 2n) & ~ATTEMPT_BITS;
}
