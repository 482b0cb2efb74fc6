import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { verifySignature } from '../../src/runner/drone/signature.ts';
import { recordedDeliveries } from '../support/fake-drone/recorded.ts';
import { signedHeaders } from '../support/fake-drone/webhooks.ts';

const GOLDEN = {
  secret: 'topsecret',
  body: Buffer.from('{"event":"build","action":"updated"}'),
  headers: {
    date: 'Tue, 02 Jan 2024 03:04:05 GMT',
    digest: 'SHA-256=ozf1tQoYclAqeCIyZOXItiFQE5H4tnDnaSrsTI0cmK8=',
    signature:
      'keyId="hmac-key",algorithm="hmac-sha256",signature="2FCUbRYKQg45Sx4bMqE4VXsijm9MwHPF8wU2gXcbMzg=",headers="date digest"',
  },
};
const AT = Date.parse(GOLDEN.headers.date);
const MINUTE = 60_000;

function isAccepted(
  headers: Record<string, string | undefined> = {},
  { body = GOLDEN.body, secret = GOLDEN.secret, nowMs = AT } = {},
): boolean {
  return verifySignature({ headers: { ...GOLDEN.headers, ...headers }, body }, secret, nowMs);
}

test('a signature made by the Go library that Drone uses is accepted', () => {
  assert.equal(isAccepted(), true);
});

test('every recorded delivery of Drone 2.0.4 is accepted at the time it was sent', () => {
  const deliveries = recordedDeliveries();
  assert.equal(deliveries.length, 98);
  for (const { case: name, secret, headers, body } of deliveries) {
    const request = { headers, body: Buffer.from(body) };
    const sentAt = Date.parse(headers.date ?? '');
    assert.equal(verifySignature(request, secret, sentAt), true, name);
    assert.equal(verifySignature(request, `${secret}x`, sentAt), false, name);
  }
});

test('parameters of the signature header may stand in any order', () => {
  const parts = GOLDEN.headers.signature.split(',');
  fc.assert(
    fc.property(fc.shuffledSubarray(parts, { minLength: 4 }), (shuffled) =>
      isAccepted({ signature: shuffled.join(',') }),
    ),
  );
});

test('a body that was swapped under a true signature is refused, as the digest is compared', () => {
  assert.equal(
    isAccepted({}, { body: Buffer.from('{"event":"build","action":"created"}') }),
    false,
  );
});

test('a digest that fits the swapped body is refused, as it is not the signed one', () => {
  const body = '{"event":"build","action":"created"}';
  const { digest } = signedHeaders(body, 'another secret', AT);
  assert.equal(isAccepted({ digest }, { body: Buffer.from(body) }), false);
});

test('a delivery is accepted up to 15 minutes from its date in both directions, and not beyond', () => {
  for (const sign of [-1, 1]) {
    assert.equal(isAccepted({}, { nowMs: AT + sign * 15 * MINUTE }), true);
    assert.equal(isAccepted({}, { nowMs: AT + sign * (15 * MINUTE + 1) }), false);
  }
});

test('a replay with a fresh date is refused, as the date is signed', () => {
  const date = new Date(AT + 60 * MINUTE).toUTCString();
  assert.equal(isAccepted({ date }, { nowMs: AT + 60 * MINUTE }), false);
});

test('an empty secret accepts nothing, not even what was signed with it', () => {
  const body = GOLDEN.body.toString();
  assert.equal(isAccepted(signedHeaders(body, '', AT), { secret: '' }), false);
});

test('a missing, empty or strange header is refused', () => {
  const { signature } = GOLDEN.headers;
  const strange = [
    { signature: undefined },
    { signature: '' },
    { date: undefined },
    { date: 'yesterday' },
    { digest: undefined },
    { digest: '' },
    { signature: signature.replace('hmac-key', 'other') },
    { signature: signature.replace('hmac-sha256', 'none') },
    { signature: signature.replace('date digest', 'date') },
    { signature: signature.replace('date digest', '') },
    { signature: signature.replace('date digest', 'date digest digest') },
    { signature: `signature="AAAA",${signature}` },
    { signature: `${signature},signature="AAAA"` },
    { signature: signature.replace('2FCU', '') },
  ];
  for (const headers of strange) assert.equal(isAccepted(headers), false, JSON.stringify(headers));
});

test('no other signature than the right one is ever accepted', () => {
  fc.assert(
    fc.property(fc.base64String({ minLength: 44, maxLength: 44 }), (forged) => {
      const signature = GOLDEN.headers.signature.replace(
        /signature="[^"]*"/,
        `signature="${forged}"`,
      );
      return signature === GOLDEN.headers.signature || !isAccepted({ signature });
    }),
  );
});
