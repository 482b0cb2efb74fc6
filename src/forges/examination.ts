import type { Finding } from '../domain/finding.ts';

/** What `signalbox doctor` finds out in the same way at every forge. */

/** Findings are told in lines: nothing of a far side may bring more of them. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // Which address was called is told beside it.
  return (text.split('\n', 1)[0] ?? '').replace(/^[A-Z]+ http\S+: /, '').slice(0, 300);
}

const SKEW_WARNING_MS = 30_000;
const SKEW_FAILURE_MS = 5 * 60_000;

/** `date` is the header of the forge's answer, in whole seconds; `now` our clock when it came. */
export function clockFinding(date: string | undefined, now: number): Finding {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) {
    return { tier: 'skipped', subject: 'clock', text: 'the answers of the forge have no date' };
  }
  const skew = now - theirs;
  const seconds = Math.round(Math.abs(skew) / 1_000);
  if (Math.abs(skew) < SKEW_WARNING_MS) {
    return { tier: 'ok', subject: 'clock', text: `within ${Math.max(1, seconds)} s of the forge` };
  }
  const span = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return {
    tier: Math.abs(skew) < SKEW_FAILURE_MS ? 'warning' : 'failure',
    subject: 'clock',
    text: `this host is ${span} ${skew > 0 ? 'ahead of' : 'behind'} the forge`,
    consequence:
      'tokens that run out, signatures and the search for missed comments go by the clock',
    mend: ['timedatectl set-ntp true'],
  };
}

export type ProbeAnswer = { readonly status: number; readonly text: string };

/**
 * Our own webhook door, gone through from outside: a signed delivery that means nothing must be taken and one with a
 * wrong signature refused. `post` rejects when nobody answers.
 */
export async function doorFinding(options: {
  readonly target: string;
  readonly post: (signature: 'right' | 'wrong') => Promise<ProbeAnswer>;
}): Promise<Finding> {
  const subject = 'webhook door';
  const { target, post } = options;
  let signed: ProbeAnswer;
  let forged: ProbeAnswer;
  try {
    [signed, forged] = await Promise.all([post('right'), post('wrong')]);
  } catch (error) {
    const why = `${target} cannot be asked: ${firstLine(error)}`;
    return { tier: 'skipped', subject, text: `${why}; see public address` };
  }
  const said = read(signed.text);
  if (signed.status === 200 && said.outcome === 'ignored') {
    if (forged.status === 401) {
      const text = 'takes what is signed right, refuses what is signed wrong';
      return { tier: 'ok', subject, text };
    }
    return {
      tier: 'failure',
      subject,
      text: `a delivery with a wrong signature was answered ${forged.status}, not 401`,
      consequence: 'anybody could give commands',
      mend: [`find out what answers at ${target}, and take it away`],
    };
  }
  if (said.code === 'bad_signature') {
    return {
      tier: 'failure',
      subject,
      text: 'the bot refuses what is signed with the secret that is configured (401)',
      consequence: 'every delivery is refused: it has another secret, or a proxy changes the body',
      mend: ['restart `signalbox serve`, so that it reads the configuration of now'],
    };
  }
  if (said.code === 'unknown_forge') {
    return {
      tier: 'failure',
      subject,
      text: 'the bot that serves does not know this forge (404)',
      consequence: 'every delivery is refused',
      mend: ['restart `signalbox serve`, so that it reads the configuration of now'],
    };
  }
  if (said.code === 'overloaded' || said.code === 'ledger_unavailable') {
    const consequence = 'deliveries are refused for now; catch-up finds their comments later';
    return {
      tier: 'failure',
      subject,
      text: `the bot answers ${signed.status}: ${said.code}`,
      consequence,
      mend: ['look into the log of `signalbox serve`'],
    };
  }
  return {
    tier: 'failure',
    subject,
    text: `${target} → ${signed.status}, and that is not an answer of ours`,
    consequence: 'no delivery arrives',
    mend: [`make the proxy pass ${new URL(target).pathname} on to the \`listen\` of signalbox.yml`],
  };
}

/** The outcome of an answer of ours, or the code of its error. */
function read(text: string): { outcome?: unknown; code?: unknown } {
  try {
    const value = JSON.parse(text) as { outcome?: unknown; error?: { code?: unknown } } | null;
    return { outcome: value?.outcome, code: value?.error?.code };
  } catch {
    return {};
  }
}

/** An event of this name exists nowhere: it is counted as not used, and not kept. */
export const PROBE_EVENT = 'signalbox_doctor';
export const PROBE_BODY = JSON.stringify({ zen: 'signalbox doctor' });
