import { expect, test } from 'vitest';
import fc from 'fast-check';
import { freshSecretKey, publicKeyBytes, publicKeyOf, type PublicKey } from '../keys.ts';
import {
  ADMIN_POLICY_COMPONENT,
  encodeAdminPolicy,
  mayInvite,
  policyFault,
  readAdminPolicy,
  type CommitAct,
  type Standing,
} from './admin-policy.ts';
import { encodeGroupProfile, readGroupProfile } from './group-profile.ts';
import { encodeLifecycle, readLifecycle } from './lifecycle.ts';
import { encodeVector } from './varint.ts';

const [a, b, c] = [1, 2, 3].map(() => publicKeyOf(freshSecretKey())).toSorted() as [
  PublicKey,
  PublicKey,
  PublicKey,
];

test('a group profile reads back, within its bounds', () => {
  const profile = { name: 'Ornithology 🦉', description: '' };
  expect(readGroupProfile(encodeGroupProfile(profile))).toEqual(profile);
  expect(Buffer.from(encodeGroupProfile({ name: 'Demo', description: '' })).toString('hex')).toBe(
    '0444656d6f00',
  );
  expect(() => encodeGroupProfile({ name: 'x'.repeat(257), description: '' })).toThrow('shorter');
  expect(() => encodeGroupProfile({ name: '', description: 'x'.repeat(4_097) })).toThrow('shorter');
  const good = encodeGroupProfile(profile);
  for (const bad of [
    new Uint8Array(),
    good.subarray(1),
    good.subarray(0, -1),
    Buffer.concat([good, Buffer.alloc(1)]),
    Buffer.from([1, 0xff, 0]),
  ])
    expect(readGroupProfile(bad)).toBeNull();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const read = readGroupProfile(bytes);
      if (read) expect(encodeGroupProfile(read)).toEqual(Buffer.from(bytes));
    }),
  );
});

test('a lifecycle is one of two bytes', () => {
  for (const one of ['active', 'disbanded'] as const) expect(readLifecycle(encodeLifecycle(one))).toBe(one);
  for (const bad of [[], [2], [0, 0]]) expect(readLifecycle(Uint8Array.from(bad))).toBeNull();
});

test('an admin policy has one form', () => {
  expect(readAdminPolicy(encodeAdminPolicy([c, a, b, a]))).toEqual([a, b, c]);
  const of = (...keys: readonly PublicKey[]): Uint8Array =>
    encodeVector(Buffer.concat(keys.map(publicKeyBytes)));
  const good = of(a, b);
  for (const bad of [
    new Uint8Array(),
    of(),
    of(b, a),
    of(a, a),
    good.subarray(0, -1),
    Buffer.concat([good, Buffer.alloc(1)]),
    encodeVector(publicKeyBytes(a).subarray(1)),
    encodeVector(new Uint8Array(32)),
    encodeVector(new Uint8Array(32).fill(0xff)),
  ])
    expect(readAdminPolicy(bad)).toBeNull();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void readAdminPolicy(bytes)));
});

const nothing: CommitAct = {
  committer: b,
  adds: [],
  removes: [],
  leaves: [],
  updates: [],
  withdraws: [],
  changesRequirements: false,
};
const parent: Standing = { admins: [a], members: [a, b, c] };
const fault = (act: Partial<CommitAct>, result: Standing = parent, before: Standing = parent) =>
  policyFault({ ...nothing, ...act }, before, result);

test('without being admin one rotates keys and lets others leave, nothing else', () => {
  expect(fault({})).toBeNull();
  expect(fault({ leaves: [c] }, { admins: [a], members: [a, b] })).toBeNull();
  const gated: readonly Partial<CommitAct>[] = [
    { adds: [c] },
    { removes: [c] },
    { updates: [0x8001] },
    { updates: [ADMIN_POLICY_COMPONENT] },
    { withdraws: [0x8005] },
    { changesRequirements: true },
    { leaves: [c], updates: [0x8001] },
  ];
  for (const act of gated) {
    expect(fault(act)).toBe('not-admin');
    expect(fault({ ...act, committer: a })).toBeNull();
  }
});

test('an admin by name without a leaf in the group is none', () => {
  const before: Standing = { admins: [a, b], members: [a, c] };
  expect(fault({ adds: [b], committer: b }, parent, before)).toBe('not-admin');
});

test('a group never loses its last admin, nor its policy', () => {
  expect(fault({ committer: a, leaves: [a] })).toBe('admin-leaves');
  expect(fault({ committer: b, leaves: [a] })).toBe('admin-leaves');
  expect(fault({ committer: b, leaves: [b] })).toBe('leaver-commits');
  const policy = { committer: a, updates: [ADMIN_POLICY_COMPONENT] };
  expect(fault(policy, { admins: [], members: [a, b, c] })).toBe('no-admin');
  expect(fault(policy, { admins: [b], members: [a, b, c] })).toBeNull();
  expect(fault({ committer: a, withdraws: [ADMIN_POLICY_COMPONENT] })).toBe('policy-withdrawn');
  const two: Standing = { admins: [a, b], members: [a, b, c] };
  expect(fault({ committer: a, removes: [b] }, { admins: [a, b], members: [a, c] }, two)).toBe(
    'admin-without-leaf',
  );
  const removed = { committer: a, removes: [b], updates: [ADMIN_POLICY_COMPONENT] };
  expect(fault(removed, { admins: [a], members: [a, c] }, two)).toBeNull();
});

test('only an admin of the group invites into it', () => {
  expect(mayInvite(a, parent)).toBe(true);
  expect(mayInvite(b, parent)).toBe(false);
  expect(mayInvite(a, { admins: [a], members: [b] })).toBe(false);
});
