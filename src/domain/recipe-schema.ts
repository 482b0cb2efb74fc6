import { z } from 'zod';
import { duration, name, saying, size, word } from './config-fields.ts';

const ARGV = 'must be a list of words such as [npm, ci]: no shell is involved';
const LINES = 'must be a list of commands such as [[npm, ci], [npm, run, build]]';

const text = () =>
  z
    .string()
    .max(4096)
    .refine((value) => !value.includes('\0'), 'must not contain a null character');

const argv = () =>
  z
    .array(text(), saying(ARGV))
    .min(1, ARGV)
    .max(256)
    .refine((words) => words[0] !== '', 'must begin with the name of a program');

const lines = () => z.array(argv(), saying(LINES)).max(50).default([]);

const OURS = /^(APP|SIGNALBOX)_/;
const env = () =>
  z
    .record(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be the name of an environment variable')
        .refine((key) => !OURS.test(key), 'is set by Signalbox itself'),
      text(),
    )
    .default({});

/** A path that stays below the directory it is relative to. */
const inside = () =>
  z
    .string()
    .min(1)
    .max(1024)
    .refine(
      (path) => !/^[/\\~]|\0/.test(path) && !path.split(/[/\\]/).includes('..'),
      'must be a relative path without `..`',
    );

const service = z.strictObject({
  run: argv().describe(
    'program and arguments; it stays in the foreground and listens on `APP_PORT`',
  ),
  env: env().describe('environment of this service, on top of that of the recipe'),
  stop_grace: duration(0).prefault('10s').describe('time between SIGTERM and SIGKILL'),
});

const health = z.strictObject({
  http: z
    .strictObject({
      service: name().describe('the service that answers'),
      path: z
        .string()
        .max(1024)
        .regex(/^\/[\x21-\x7e]*$/, 'must begin with `/` and be an encoded path')
        .describe('path of the request, e.g. `/health`'),
      ok: z
        .array(z.int().min(100).max(599))
        .min(1)
        .default([200])
        .describe('status codes that mean healthy'),
    })
    .exactOptional(),
  stable_for: duration(0).prefault('1s').describe('the app must stay healthy this long'),
});

const PREVIOUS = 'must be `none` or { tag: "semver:<head" }';
const versions = z.strictObject({
  previous: z
    .union(
      [z.literal('none'), z.strictObject({ tag: z.literal('semver:<head') })],
      saying(PREVIOUS),
    )
    .default({ tag: 'semver:<head' })
    .describe(
      'what `install` installs: the highest version tag below the head, or with `none` the head itself',
    ),
});

const data = z.strictObject({
  marker: z
    .strictObject({
      seed: argv().describe('puts a row of data in'),
      drop: argv().describe('takes it out again'),
      assert: argv().describe('ends 0 when the row is there, else not 0'),
    })
    .exactOptional(),
  backup: z
    .strictObject({
      pre: lines().describe('commands before the backup, e.g. a dump into `APP_BACKUP`'),
      paths: z
        .array(inside())
        .max(100)
        .default([])
        .describe('what to keep, relative to `APP_STATE`'),
      post: lines().describe('commands after it'),
    })
    .prefault({}),
  restore: z
    .strictObject({
      pre: lines().describe('commands before the restore'),
      post: lines().describe('commands after it'),
    })
    .prefault({}),
});

const customTest = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$/, 'must be letters, digits, spaces, `.`, `_`, `-`')
    .describe('shown in the answer'),
  run: argv().describe('program and arguments; fails when it does not end 0'),
  junit: inside().exactOptional().describe('JUnit file it writes, relative to the checkout'),
  timeout: duration().prefault('10m').describe('limit for this test'),
});

function expectedNa(today: string) {
  return z
    .strictObject({
      expected_na: z
        .strictObject({
          reason: z.string().trim().min(1).max(200).describe('why this stage cannot apply'),
          until: z
            .string()
            .refine(isDate, 'must be a date such as 2027-01-31')
            .refine((date) => !isDate(date) || date >= today, 'has passed: look at it again')
            .describe('last day on which that is accepted'),
        })
        .exactOptional(),
    })
    .exactOptional();
}

function isDate(value: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value);
}

function stages(today: string) {
  return z.strictObject({
    install: expectedNa(today),
    upgrade: expectedNa(today),
    backup: expectedNa(today),
    restore: expectedNa(today),
    custom: z.array(customTest).max(50).prefault([]).describe('tests of the app, in order'),
  });
}

const timeouts = z.strictObject({
  convergence: duration().prefault('300s').describe('from start to healthy'),
  hook: duration().prefault('120s').describe('each build, marker, backup and restore command'),
  stage: duration().prefault('15m').describe('each stage'),
  run: duration().prefault('60m').describe('the whole run'),
  teardown: duration().prefault('60s').describe('teardown, after whatever happened'),
});

const resources = z.strictObject({
  memory: size().prefault('1g').describe('memory of all processes of the run'),
  pids: z.int().min(8).max(32_768).default(256).describe('processes and threads of the run'),
  file: size().prefault('1g').describe('largest file that it may write'),
});

/**
 * A recipe as people write it. `today` as YYYY-MM-DD: what expects a stage not to apply has a last day.
 */
export function writtenRecipeSchema(today: string) {
  return z.strictObject({
    version: z.literal(1, saying('must be the number 1')).describe('of this format'),
    app: name().describe('name of the app'),
    deploy: word('deployer', ['process']).describe('how the app is brought up'),
    env: env().describe('environment of every command and service'),
    build: lines().describe('commands run once in each checkout before its services start'),
    services: z
      .record(name(), service)
      .refine((all) => Object.keys(all).length > 0, 'must not be empty')
      .describe('started in the order written, stopped in reverse'),
    health: health.prefault({}),
    versions: versions.prefault({}),
    data: data.prefault({}),
    stages: stages(today).prefault({}),
    timeouts: timeouts.prefault({}),
    resources: resources.prefault({}),
  });
}

export type WrittenRecipe = z.output<ReturnType<typeof writtenRecipeSchema>>;
