import { z } from 'zod';

/**
 * The parts of Drone's JSON that are used, as recorded from 2.0.4. Times are unix seconds, 0 means unset.
 * `when`-excluded steps are never stored; steps are absent until a runner has accepted their stage.
 */
const statuses = [
  'pending',
  'waiting_on_dependencies',
  'blocked',
  'running',
  'success',
  'failure',
  'error',
  'killed',
  'declined',
  'skipped',
] as const;

const stepSchema = z.object({
  number: z.number().int(),
  name: z.string(),
  status: z.enum(statuses),
  error: z.string().optional(),
  errignore: z.boolean().optional(),
  exit_code: z.number().int(),
  started: z.number().optional(),
  stopped: z.number().optional(),
});

const stageSchema = z.object({
  number: z.number().int(),
  name: z.string(),
  status: z.enum(statuses),
  error: z.string().optional(),
  started: z.number().optional(),
  stopped: z.number().optional(),
  steps: z.array(stepSchema).nullish(),
});

export const buildSchema = z.object({
  number: z.number().int().positive(),
  status: z.enum(statuses),
  error: z.string().optional(),
  event: z.string(),
  /** Who asked; empty for a build born in error. */
  trigger: z.string(),
  /** The commit. */
  after: z.string(),
  /** The branch. */
  source: z.string(),
  params: z.record(z.string(), z.string()).nullish(),
  created: z.number(),
  started: z.number(),
  finished: z.number(),
  stages: z.array(stageSchema).nullish(),
});

export const buildsSchema = z.array(buildSchema).nullable();

export const logEntrySchema = z.object({ pos: z.number(), out: z.string(), time: z.number() });
export const logSchema = z.array(logEntrySchema).nullable();

/** `permissions` is absent for callers without any, and for administrators too. */
export const repositorySchema = z.object({
  slug: z.string(),
  permissions: z.object({ write: z.boolean() }).optional(),
});

export const accountSchema = z.object({ login: z.string(), admin: z.boolean() });

export type DroneStatus = (typeof statuses)[number];
export type DroneStep = z.infer<typeof stepSchema>;
export type DroneStage = z.infer<typeof stageSchema>;
export type DroneBuild = z.infer<typeof buildSchema>;
export type DroneLogEntry = NonNullable<z.infer<typeof logSchema>>[number];

/** Unix seconds to ms; undefined for 0 and absent. */
export function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds === 0 ? undefined : seconds * 1000;
}
