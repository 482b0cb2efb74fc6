import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const SRC = join(import.meta.dirname, '../../src');
const IMPORT = /\b(?:from|import)\s*\(?\s*'(?<specifier>\.[^']+)'/g;
const BASE = ['domain', 'lib'];
const PORTS = ['forges', 'runner'];
const CORE = [...BASE, ...PORTS, 'ledger', 'queue', 'report'];

/** Layer → layers it may import. A port is the files directly in its folder, `forges/*` an adapter in a folder below. */
const ALLOWED: Record<string, readonly string[]> = {
  domain: [],
  lib: [],
  forges: ['domain'],
  runner: ['domain'],
  'forges/*': [...BASE, 'forges'],
  'runner/*': [...BASE, 'runner'],
  ledger: BASE,
  queue: [...BASE, 'ledger'],
  report: [...BASE, 'ledger', 'forges'],
  handlers: [...CORE, 'runner/*'],
  maintenance: [...CORE, 'runner/*'],
  http: CORE,
  cli: [...CORE, 'forges/*', 'handlers', 'maintenance', 'http', 'top'],
};

function layerOf(file: string): string {
  const [folder = '', ...rest] = relative(SRC, file).split('/');
  if (rest.length === 0) return 'top';
  return PORTS.includes(folder) && rest.length > 1 ? `${folder}/*` : folder;
}

/** `forges/gitea`, `runner/lifecycle`: an adapter never imports its sibling. */
function adapterOf(file: string): string {
  return relative(SRC, file).split('/').slice(0, 2).join('/');
}

function isAllowed(file: string, target: string): boolean {
  const [from, to] = [layerOf(file), layerOf(target)];
  if (from === 'top') return true;
  if (from !== to) return ALLOWED[from]?.includes(to) ?? false;
  return !from.endsWith('/*') || adapterOf(file) === adapterOf(target);
}

const files = globSync('**/*.ts', { cwd: SRC }).map((file) => join(SRC, file));

test('modules import only from the layers below them', () => {
  assert.ok(files.length > 50, 'no source files found');
  const violations: string[] = [];
  for (const file of files) {
    for (const match of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const target = join(dirname(file), match.groups?.specifier ?? '');
      if (!isAllowed(file, target))
        violations.push(`${relative(SRC, file)} → ${relative(SRC, target)}`);
    }
  }
  assert.deepEqual(violations, []);
});

test('only the composition root and the lifecycle handlers name an adapter', () => {
  const importers = files.filter((file) => {
    const layer = layerOf(file);
    return (
      !layer.endsWith('/*') &&
      /from '\.\.?\/(?:\.\.\/)*forges\/(?:gitea|playground)\//.test(readFileSync(file, 'utf8'))
    );
  });
  assert.deepEqual(importers.map((file) => relative(SRC, file)).sort(), [
    'app.ts',
    'cli/demo-seed.ts',
    'cli/demo-start.ts',
    'cli/setup-gitea-by-hand.ts',
    'cli/setup-gitea.ts',
  ]);
});

test('no file is longer than 400 lines, and half of them have at most 120', () => {
  const lengths = files.map((file) => ({
    file: relative(SRC, file),
    lines: readFileSync(file, 'utf8').split('\n').length - 1,
  }));
  assert.deepEqual(
    lengths.filter(({ lines }) => lines > 400),
    [],
  );
  const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
  assert.ok((sorted[Math.floor(sorted.length / 2)] ?? 0) <= 120);
});

test('the environment is read in one place', () => {
  const readers = files.filter((file) => readFileSync(file, 'utf8').includes('process.env'));
  assert.deepEqual(
    readers.map((file) => relative(SRC, file)),
    ['config.ts'],
  );
});
