import { z } from 'zod';

/**
 * Parameters for a remote build. Drone splices them as text into the pipeline's YAML, so a quote in a value
 * runs commands (drone/2.0.4/build-create-params): nothing outside this whitelist gets through.
 */
const VALUE = /^[A-Za-z0-9._/@:+-]*$/;
const NAME = /^[A-Z][A-Z0-9_]{0,63}$/;

/** What Drone reads itself, in one version or another, or what changes how every step runs; in any case. */
const READ_BY_DRONE = (
  'branch commit target message action access_token debug event ref trigger title link sender cron ' +
  'deploy_to source before after timestamp page per_page path home shell env ifs bash_env ' +
  'ld_preload ld_library_path'
).split(' ');
/** In `${…}` substitution a parameter wins over Drone's own variable of that name. */
const RESERVED = /^(DRONE|CI|SIGNALBOX)(_|$)/i;
/** Proxies refuse request lines of more than some 4,000 characters; Signalbox adds parameters of its own. */
const MAX_QUERY = 3000;

export function paramsSchema() {
  return z
    .record(
      z.string().superRefine((name, context) => {
        const message = nameProblem(name);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      }),
      z
        .string()
        .max(256)
        .regex(VALUE, 'may hold only letters, digits and `.` `_` `/` `@` `:` `+` `-`'),
    )
    .refine(
      (params) => new URLSearchParams(params).toString().length <= MAX_QUERY,
      `must together have at most ${MAX_QUERY} characters`,
    );
}

function nameProblem(name: string): string | undefined {
  if (READ_BY_DRONE.includes(name.toLowerCase()))
    return 'is a name that Drone or a shell reads itself; take another';
  if (RESERVED.test(name)) return 'names that begin with DRONE_, CI_ or SIGNALBOX_ are reserved';
  if (NAME.test(name)) return undefined;
  return 'must be capital letters, digits and `_`, begin with a letter, have at most 64 characters';
}
