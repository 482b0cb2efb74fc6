/** One thing that `signalbox doctor` looked at. */
export type Finding = {
  /** `skipped`: it could not be looked at, because of another finding. */
  readonly tier: 'ok' | 'warning' | 'failure' | 'skipped';
  /** What was looked at, a few words: `webhook of acme/shop`. */
  readonly subject: string;
  /** What was found, one line. */
  readonly text: string;
  /** What comes of it if it stays so. */
  readonly consequence?: string;
  /** Commands or addresses that mend it, one a line. */
  readonly mend?: readonly string[];
};
