import type { Finding } from '../domain/finding.ts';

/** One look at one part. It never keeps the others from being looked at, whatever it does. */
export type Check = {
  /** What is told of when the check itself is late or breaks. */
  readonly subject: string;
  readonly deadlineMs: number;
  readonly run: (signal: AbortSignal) => AsyncIterable<Finding>;
};

/** All at once; the findings come in the order of the checks. */
export async function examineAll(checks: readonly Check[]): Promise<readonly Finding[]> {
  return (await Promise.all(checks.map(runCheck))).flat();
}

async function runCheck({ subject, deadlineMs, run }: Check): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), deadlineMs);
  });
  const whole = (async () => {
    for await (const finding of run(stop.signal)) {
      if (stop.signal.aborted) return;
      found.push(finding);
    }
  })();
  try {
    if ((await Promise.race([whole, late])) === 'late') {
      const text = `not done after ${Math.round(deadlineMs / 1_000)} s; the rest was not looked at`;
      found.push({ tier: 'failure', subject, text, mend: ['try again'] });
    }
  } catch (error) {
    found.push({ tier: 'failure', subject, text: sentence(error), mend: ['try again'] });
  } finally {
    clearTimeout(timer);
    stop.abort();
    // What it still throws after its time nobody waits for.
    whole.catch(() => {});
  }
  // A copy: a check that is late may go on for a moment.
  return [...found];
}

/** The first line of an error. A refused connection comes as several errors without words of their own. */
export function sentence(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return [...new Set(error.errors.map(sentence))].join('; ');
  }
  const text = error instanceof Error ? error.message : String(error);
  // Which address was called is told beside it.
  return (text.split('\n', 1)[0] ?? '').replace(/^[A-Z]+ http\S+: /, '').slice(0, 300);
}

/** For a check whose answer is a list. */
export async function* tellAll(
  findings: Promise<readonly Finding[]> | readonly Finding[],
): AsyncGenerator<Finding> {
  yield* await findings;
}

export type Tally = Readonly<Record<Finding['tier'], number>>;

export function tallyOf(findings: readonly Finding[]): Tally {
  const count = (tier: Finding['tier']) => findings.filter((one) => one.tier === tier).length;
  return {
    ok: count('ok'),
    warning: count('warning'),
    failure: count('failure'),
    skipped: count('skipped'),
  };
}

/** 0 all is well, 1 warnings, 2 failures. */
export function exitCodeOf({ failure, warning }: Tally): number {
  if (failure > 0) return 2;
  return warning > 0 ? 1 : 0;
}
