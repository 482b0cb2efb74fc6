import type { z } from 'zod';
import { nearest, quote, valueAt } from './config-issues.ts';
import type { Recipe } from './recipe.ts';
import { type WrittenRecipe, writtenRecipeSchema } from './recipe-schema.ts';

/** Checks a written recipe and gives a `Recipe`: ms, bytes, every default filled in. */
export function recipeSchema(today: string) {
  return writtenRecipeSchema(today)
    .superRefine(checkReferences, { when: () => true })
    .transform(toRecipe);
}

/** Runs also when other parts are wrong, so nothing about the shape can be taken for granted. */
function checkReferences(recipe: unknown, context: z.RefinementCtx): void {
  const service = valueAt(recipe, ['health', 'http', 'service']);
  const known = valueAt(recipe, ['services']);
  const services = typeof known === 'object' && known !== null ? Object.keys(known) : [];
  if (typeof service === 'string' && services.length > 0 && !services.includes(service)) {
    const suggestion = nearest(service, services);
    context.addIssue({
      code: 'custom',
      path: ['health', 'http', 'service'],
      message: `unknown service ${quote(service)}`,
      params: { suggestion },
    });
  }
  const tests = valueAt(recipe, ['stages', 'custom']);
  const names = Array.isArray(tests) ? tests.map((test: unknown) => valueAt(test, ['name'])) : [];
  names.forEach((test, index) => {
    if (typeof test !== 'string' || names.indexOf(test) === index) return;
    const path = ['stages', 'custom', index, 'name'];
    context.addIssue({ code: 'custom', path, message: `a second test is named ${quote(test)}` });
  });
}

function toRecipe(written: WrittenRecipe): Recipe {
  const { http, stable_for } = written.health;
  const { marker, backup, restore } = written.data;
  return {
    version: written.version,
    app: written.app,
    deploy: written.deploy,
    env: written.env,
    build: written.build,
    services: mapValues(written.services, ({ stop_grace, ...rest }) => ({
      ...rest,
      stopGraceMs: stop_grace,
    })),
    health: { ...(http === undefined ? {} : { http }), stableForMs: stable_for },
    versions: { previous: written.versions.previous === 'none' ? 'none' : 'semver' },
    data: { ...(marker === undefined ? {} : { marker }), backup, restore },
    stages: toStages(written.stages),
    timeouts: {
      convergenceMs: written.timeouts.convergence,
      hookMs: written.timeouts.hook,
      stageMs: written.timeouts.stage,
      runMs: written.timeouts.run,
      teardownMs: written.timeouts.teardown,
    },
    resources: {
      memoryBytes: written.resources.memory,
      pids: written.resources.pids,
      fileBytes: written.resources.file,
    },
  };
}

function toStages({ custom, ...others }: WrittenRecipe['stages']): Recipe['stages'] {
  const expected = Object.entries(others).flatMap(([stage, value]) =>
    value?.expected_na === undefined ? [] : [[stage, value.expected_na] as const],
  );
  return {
    expectedNa: Object.fromEntries(expected),
    custom: custom.map(({ timeout, ...test }) => ({ ...test, timeoutMs: timeout })),
  };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
