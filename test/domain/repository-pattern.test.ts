import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { repositoryAllowed } from '../../src/domain/repository-pattern.ts';

suite('the list of obeyed repositories', () => {
  test('matches whole names, in any case, and a star never crosses the slash', () => {
    const cases: readonly [pattern: string, name: string, expected: boolean][] = [
      ['acme/*', 'acme/shop', true],
      ['acme/*', 'ACME/Shop', true],
      ['acme/*', 'acme2/shop', false],
      ['acme/*', 'acme/a/b', false],
      ['acme/*', 'acme/', false],
      ['acme/shop', 'acme/shop', true],
      ['acme/shop', 'acme/shop2', false],
      ['acme/shop', 'xacme/shop', false],
      ['acme/s.op', 'acme/shop', false],
      ['*/*', 'a/b', true],
      ['*', 'a/b', false],
      ['acme/app-*-ci', 'acme/app-x-ci', true],
      ['acme/app-*-ci', 'acme/app-ci', false],
      ['acme/a*a', 'acme/a', false],
      ['acme/*x*y*', 'acme/axbyc', true],
      ['acme/*x*y*', 'acme/aybxc', false],
      ['acme/(a+)+$', 'acme/aaaaaaaaaaaaaaaaaaaaaaaaaaaa!', false],
    ];
    for (const [pattern, name, expected] of cases) {
      assert.equal(repositoryAllowed([pattern], name), expected, `${pattern} ${name}`);
    }
    assert.equal(repositoryAllowed([], 'a/b'), false);
    assert.equal(repositoryAllowed(['x/y', 'a/b'], 'a/b'), true);
  });
});
