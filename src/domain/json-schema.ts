import { z } from 'zod';
import { operatorSchema } from './operator-schema.ts';
import { repoConfigSchema } from './repo-config.ts';

/** The part of JSON Schema draft 7 that our schemas use. */
export type JsonSchema = {
  readonly $schema?: string;
  readonly $id?: string;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
};

/** What people write, before defaults and transformations; editors read draft 7. */
export function jsonSchemaOf(file: 'operator' | 'repository'): JsonSchema {
  const schema = file === 'operator' ? operatorSchema : repoConfigSchema({ today: '0000-01-01' });
  return z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as JsonSchema;
}
