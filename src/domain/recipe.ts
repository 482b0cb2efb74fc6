/**
 * An app's definition for the lifecycle runner, after parsing and defaults (`domain/repo-config.ts` makes it).
 * Durations are ms, sizes bytes. A `Line` is an argv: never a shell string. Placeholders are environment
 * variables: APP_PORT, APP_URL, APP_STATE (the state directory, kept across versions), APP_BACKUP, APP_SOURCE.
 */
export type Line = readonly string[];

export type Recipe = {
  readonly version: 1;
  /** ^[a-z][a-z0-9-]{0,30}$ */
  readonly app: string;
  readonly deploy: 'process';
  readonly env: Readonly<Record<string, string>>;
  /** Run once in each checkout before its services start, e.g. to build. */
  readonly build: readonly Line[];
  /** Started in the order written, stopped in reverse. */
  readonly services: Readonly<Record<string, Service>>;
  readonly health: {
    readonly http?: {
      readonly service: string;
      readonly path: string;
      readonly ok: readonly number[];
    };
    /** The app must stay healthy this long before a stage goes on. */
    readonly stableForMs: number;
  };
  /** `semver`: the highest semantic version tag below the head; `none`: there is no earlier version. */
  readonly versions: { readonly previous: 'semver' | 'none' };
  readonly data: {
    /** Puts a row of data in, takes it out, says by its exit code whether it is there. */
    readonly marker?: { readonly seed: Line; readonly drop: Line; readonly assert: Line };
    readonly backup: {
      readonly pre: readonly Line[];
      readonly paths: readonly string[];
      readonly post: readonly Line[];
    };
    readonly restore: { readonly pre: readonly Line[]; readonly post: readonly Line[] };
  };
  readonly stages: {
    readonly expectedNa: Readonly<
      Record<string, { readonly reason: string; readonly until: string }>
    >;
    readonly custom: readonly CustomTest[];
  };
  readonly timeouts: {
    readonly convergenceMs: number;
    readonly hookMs: number;
    readonly stageMs: number;
    readonly runMs: number;
    readonly teardownMs: number;
  };
  readonly resources: {
    readonly memoryBytes: number;
    readonly pids: number;
    readonly fileBytes: number;
  };
};

export type Service = {
  readonly run: Line;
  readonly env: Readonly<Record<string, string>>;
  readonly stopGraceMs: number;
};

export type CustomTest = {
  readonly name: string;
  readonly run: Line;
  /** Path of a JUnit file, relative to the checkout. */
  readonly junit?: string;
  readonly timeoutMs: number;
};
