import assert from 'node:assert/strict';
import test from 'node:test';
import type { Command, CommandName } from '../../src/domain/command.ts';
import { COMMANDS } from '../../src/domain/commands.ts';
import type { Account } from '../../src/domain/forge-event.ts';
import { type AllowEntry, type Decision, decide } from '../../src/domain/policy.ts';
import { hasAtLeast, ROLES, type Role } from '../../src/domain/role.ts';

const SHA = '4ca7f418aa00bb11cc22dd33ee44ff5566778899';

const SAMPLES: { readonly [Name in CommandName]: Extract<Command, { name: Name }> } = {
  testme: { name: 'testme', suites: [] },
  retest: { name: 'retest' },
  cancel: { name: 'cancel' },
  redeploy: { name: 'redeploy', environment: 'dev' },
  rollback: { name: 'rollback', environment: 'dev' },
  lock: { name: 'lock', environment: 'dev' },
  unlock: { name: 'unlock', environment: 'dev' },
  cleanup: { name: 'cleanup' },
  approve: { name: 'approve', sha: SHA },
  status: { name: 'status' },
  help: { name: 'help' },
};

const alice = { id: '7', login: 'Alice' };

function ask(
  name: CommandName,
  role: Role,
  more: { allow?: readonly AllowEntry[]; requesterOfRun?: Account } = {},
): Decision {
  const { allow, ...rest } = more;
  const rules = allow ? { [name]: { allow, line: 22 } } : {};
  return decide({ command: SAMPLES[name], account: alice, role, rules, ...rest });
}

for (const { name, required } of Object.values(COMMANDS)) {
  for (const role of ROLES) {
    const may = hasAtLeast(role, required);
    test(`by default ${role} ${may ? 'may' : 'may not'} give ${name}`, () => {
      assert.deepEqual(
        ask(name, role),
        may
          ? { outcome: 'allowed' }
          : { outcome: 'refused', reason: 'role_too_low', required, present: role },
      );
    });
  }
}

test('the defaults are those of the documentation', () => {
  const defaults = Object.values(COMMANDS).map((spec) => `${spec.name} ${spec.required}`);
  assert.deepEqual(defaults, [
    'testme write',
    'retest write',
    'cancel write',
    'redeploy maintain',
    'rollback maintain',
    'lock maintain',
    'unlock maintain',
    'cleanup maintain',
    'approve maintain',
    'status read',
    'help read',
  ]);
});

test('who asked for a run may cancel it, whatever the account is called by now', () => {
  const requesterOfRun = { id: '7', login: 'alice-as-was' };
  assert.equal(ask('cancel', 'read', { requesterOfRun }).outcome, 'allowed');
});

test('an account that took over the login of who asked may not cancel the run', () => {
  const requesterOfRun = { id: '8', login: 'Alice' };
  assert.equal(ask('cancel', 'read', { requesterOfRun }).outcome, 'refused');
});

test('who asked for a run may do nothing else with it, and nobody else may cancel it', () => {
  assert.equal(ask('cleanup', 'read', { requesterOfRun: alice }).outcome, 'refused');
  const bob = { id: '9', login: 'bob' };
  assert.equal(ask('cancel', 'read', { requesterOfRun: bob }).outcome, 'refused');
});

test('a rule that asks for more than the default refuses with its line', () => {
  assert.deepEqual(ask('testme', 'write', { allow: [{ role: 'admin' }] }), {
    outcome: 'refused',
    reason: 'role_too_low',
    required: 'admin',
    present: 'write',
    rule: { line: 22 },
  });
});

test('a rule that asks for less than the default allows', () => {
  assert.equal(ask('redeploy', 'write', { allow: [{ role: 'write' }] }).outcome, 'allowed');
});

test('a person named by a rule may, in any case, without any role', () => {
  const allow = [{ role: 'maintain' }, { user: 'aLiCe' }] as const;
  assert.equal(ask('redeploy', 'none', { allow }).outcome, 'allowed');
});

test('a rule names the lowest role that would do, and the people', () => {
  const allow = [{ role: 'owner' }, { user: 'carol' }, { role: 'maintain' }] as const;
  const decision = ask('redeploy', 'write', { allow });
  assert.equal(decision.outcome === 'refused' && decision.required, 'maintain or carol');
});

test('an empty rule and the role none admit nobody', () => {
  for (const allow of [[], [{ role: 'none' }]] as const) {
    const decision = ask('testme', 'owner', { allow });
    assert.equal(decision.outcome === 'refused' && decision.required, 'nobody');
  }
});

test('a rule replaces the right of the requester, too', () => {
  const more = { allow: [{ role: 'admin' }], requesterOfRun: alice } as const;
  assert.equal(ask('cancel', 'write', more).outcome, 'refused');
});

test('a rule for one command changes no other', () => {
  const rules = { redeploy: { allow: [], line: 3 } };
  const question = { command: SAMPLES.testme, account: alice, role: 'write', rules } as const;
  assert.equal(decide(question).outcome, 'allowed');
});
