import { createHash } from 'node:crypto';
import { schnorr } from '@noble/curves/secp256k1.js';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hexOf, joined, u64, utf8, vectorOf } from './bytes.ts';
import { encodeIds } from './components.ts';
import type { Member } from './members.ts';
import {
  ACCOUNT_PROOF,
  ADMIN_POLICY,
  adminsOf,
  encodeAdmins,
  marmotProfile,
  marmotRules,
} from './marmot-rules.ts';
import { createParty, expectAgreed, frozen, groupOf, hand, type Party } from './test/party.ts';
import { forge, forgeCommit, forgerOf } from './test/forge.ts';
import { createMlsEngine } from './create-engine.ts';
import { nodeSuite } from './suite.ts';
import type { GroupKey } from './cells.ts';

/** The proof as Marmot defines it, written down a second time: the network's own is networks/nostr/marmot/account-proof.ts. */
function digestToSign(identity: Uint8Array, at: number, mlsKey: Uint8Array): Uint8Array {
  const tags = [
    ['d', 'marmot.account-identity-proof.v2'],
    ['component', '0x8009'],
    ['ciphersuite', '0x0001'],
    ['signature_scheme', '0x0807'],
    ['mls_signature_key', hexOf(mlsKey)],
  ];
  const event = [0, hexOf(identity), at, 450, tags, 'Authorize this MLS leaf key for my Marmot account'];
  return createHash('sha256').update(JSON.stringify(event)).digest();
}

const proofOf = (secret: Uint8Array, mlsKey: Uint8Array, at: number, aux?: Uint8Array): Uint8Array => {
  const identity = schnorr.getPublicKey(secret);
  return joined(identity, u64(BigInt(at)), schnorr.sign(digestToSign(identity, at, mlsKey), secret, aux));
};

function proofHolds(proof: Uint8Array, { identity, signatureKey }: Omit<Member, 'leaf'>): boolean {
  if (proof.length !== 104 || hexOf(proof.subarray(0, 32)) !== hexOf(identity)) return false;
  const at = Number(Buffer.from(proof.subarray(32, 40)).readBigUInt64BE());
  return schnorr.verify(proof.subarray(40), digestToSign(identity, at, signatureKey), identity);
}

const rules = marmotRules(proofHolds);
const COMPONENTS = [0x8001, ADMIN_POLICY, 0x8004, ACCOUNT_PROOF, 0x800c];

const secretOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const identityOf = (n: number): Uint8Array => schnorr.getPublicKey(secretOf(n));

function member(
  n: number,
  options: { readonly forged?: boolean; readonly lists?: readonly number[] } = {},
): Party {
  return createParty(`account ${n}`, {
    rules: options.forged ? { ...rules, allowsMember: () => true, allowsCommit: () => true } : rules,
    profile: marmotProfile,
    me: {
      identity: identityOf(n),
      leafComponents: (key) =>
        new Map([
          [0x0001, encodeIds([0x0001, ...(options.lists ?? COMPONENTS)])],
          [ACCOUNT_PROOF, proofOf(secretOf(options.forged ? n + 1 : n), key, 1_700_000_000)],
        ]),
    },
  });
}

const components = (admins: readonly number[]) =>
  new Map([
    [0x0001, encodeIds(COMPONENTS)],
    [ADMIN_POLICY, encodeAdmins(admins.map(identityOf))],
    [0x800c, Uint8Array.of(0)],
  ]);

const fixture = readFileSync(
  new URL('../../networks/nostr/test/vectors/mdk-keypackage-2026-09.hex', import.meta.url),
  'utf8',
).trim();

describe('what others made', () => {
  test("the specification's proof, byte for byte", () => {
    const key = Uint8Array.from({ length: 32 }, (_, n) => n);
    const proof = proofOf(new Uint8Array(32).with(31, 3), key, 1_700_000_000, new Uint8Array(32));
    expect(hexOf(digestToSign(proof.subarray(0, 32), 1_700_000_000, key))).toBe(
      'b7e9a15dd85990fb0f49c33db3cc9875f73986207b038404ceb6b7fec4e0af6b',
    );
    expect(hexOf(proof.subarray(40))).toBe(
      'c5315d3c85b9d4907cb03395a2a97b3ba2eab393f8e45b13a5d5233acedac60a51d2a295e1b1b5ee372d18a49bdb8041a7dba9dedce722c7c6f712f78bbdfb5d',
    );
  });

  test("MDK's key package: it reads, its account has signed for it, one bit of the proof and it has not", async () => {
    const message = Uint8Array.from(Buffer.from(fixture, 'hex'));
    const at = Date.UTC(2026, 8, 15);
    const engine = createMlsEngine({
      suite: nodeSuite,
      rules,
      profile: marmotProfile,
      me: { identity: identityOf(1), leafComponents: () => new Map() },
    });
    const read = await engine.readKeyPackage(message, at);
    expect(read).toMatchObject({ kind: 'key-package', extensions: [6], proposals: [8] });
    if (read.kind !== 'key-package') throw new Error(read.why);
    expect([...read.components.keys()]).toEqual([4]);
    const proof = read.member.components.get(ACCOUNT_PROOF)!;
    expect(proofHolds(proof, read.member)).toBe(true);
    expect(proofHolds(proof.with(50, proof[50]! ^ 1), read.member)).toBe(false);
    // It ends in November.
    expect(await engine.readKeyPackage(message, Date.UTC(2026, 11, 24))).toEqual({
      kind: 'refused',
      why: 'lifetime',
    });
  });
});

describe('the rules of Marmot', () => {
  const refused = { kind: 'refused', why: 'not-allowed' };
  const staged = (party: Party, group: GroupKey, changes: Parameters<Party['stage']>[1]) =>
    party.run((work) => party.engine.stage(group, changes ?? [], work, Date.UTC(2026, 10, 26)));

  test('admins add, remove and change; others renew, leave, and commit who leaves', async () => {
    const [admin, bob, carol, dave] = [member(1), member(2), member(3), member(4)];
    const group = await groupOf([admin, bob, carol], components([1]));
    const add = { kind: 'add', keyPackage: await dave.keyPackage() } as const;
    const rename = { kind: 'app-data-update', component: 0x8001, data: vectorOf([utf8('new')]) } as const;
    for (const change of [add, rename, { kind: 'remove', leaf: 2 } as const]) {
      expect(await staged(bob, group, [change])).toEqual(refused);
      const proposal = change.kind === 'add' ? rename : change;
      const asked = await forge(await forgerOf(bob, group), { kind: 'proposal', proposal });
      const before = frozen(admin);
      expect(await admin.process(asked)).toEqual(refused);
      expect(frozen(admin)).toEqual(before);
    }
    const forced = await forgeCommit(await forgerOf(bob, group), [{ kind: 'remove', leaf: 2 }]);
    expect(await carol.process(forced)).toEqual(refused);

    await hand((await bob.commit(group)).commit, [admin, carol]);
    const leaves = await carol.run((work) => carol.engine.propose(group, { kind: 'self-remove' }, work));
    if (leaves.kind !== 'proposed') throw new Error(leaves.why);
    for (const party of [admin, bob]) expect((await party.process(leaves.message)).kind).toBe('proposal');
    await hand((await bob.commit(group, [{ kind: 'proposed', ref: leaves.ref }])).commit, [admin]);
    const grown = await admin.commit(group, [add, rename]);
    await hand(grown.commit, [bob]);
    await dave.join(grown.welcome!);
    await expectAgreed(group, [admin, bob, dave]);
  });

  test('a forged proof is no member, nor is one who does not know what the group asks for', async () => {
    const [admin, forger, other] = [
      member(1),
      member(2, { forged: true }),
      member(3, { lists: [ACCOUNT_PROOF] }),
    ];
    const group = await admin.create(utf8('g'), components([1]));
    const add = async (party: Party) =>
      staged(admin, group, [{ kind: 'add', keyPackage: await party.keyPackage() }]);
    expect(await add(forger)).toEqual({ kind: 'refused', why: 'member' });
    expect(await add(other)).toEqual(refused);
  });

  test('a welcome of somebody who is no admin is refused', async () => {
    const bob = member(2);
    const honest = createParty('account 1', {
      rules: { ...rules, allowsCommit: () => true },
      profile: marmotProfile,
      me: {
        identity: identityOf(1),
        leafComponents: (key) =>
          new Map([
            [0x0001, encodeIds([1, ...COMPONENTS])],
            [ACCOUNT_PROOF, proofOf(secretOf(1), key, 1)],
          ]),
      },
    });
    const group = await honest.create(utf8('g'), components([9]));
    const { welcome } = await honest.commit(group, [{ kind: 'add', keyPackage: await bob.keyPackage() }]);
    const result = await bob.run((work) => bob.engine.join(welcome!, work, Date.UTC(2026, 10, 26)));
    expect(result).toEqual(refused);
  });

  test('nobody leaves a group without a policy that reads', async () => {
    const [admin, bob] = [member(1), member(2)];
    const group = await groupOf([admin, bob], components([1]));
    for (const data of [null, new Uint8Array(), vectorOf([]), vectorOf([identityOf(1), identityOf(1)])]) {
      expect(
        await staged(admin, group, [{ kind: 'app-data-update', component: ADMIN_POLICY, data }]),
      ).toEqual(refused);
    }
    const both = encodeAdmins([identityOf(2), identityOf(1), identityOf(1)]);
    expect(adminsOf(new Map([[ADMIN_POLICY, both]]))?.size).toBe(2);
    await hand(
      (await admin.commit(group, [{ kind: 'app-data-update', component: ADMIN_POLICY, data: both }])).commit,
      [bob],
    );
    // Who is removed is no admin any more, in the same commit; and an admin does not just leave.
    const remove = { kind: 'remove', leaf: 0 } as const;
    expect(await staged(bob, group, [remove])).toEqual(refused);
    const leave = await bob.run((work) => bob.engine.propose(group, { kind: 'self-remove' }, work));
    expect(leave).toEqual(refused);
    const alone = encodeAdmins([identityOf(2)]);
    const policy = { kind: 'app-data-update', component: ADMIN_POLICY, data: alone } as const;
    await bob.commit(group, [remove, policy]);
    const nobody = encodeAdmins([identityOf(2), identityOf(7)]);
    expect(await staged(bob, group, [{ ...policy, data: nobody }])).toEqual(refused);
    const broken = { kind: 'app-data-update', component: 0x0001, data: Uint8Array.of(1, 2) } as const;
    expect(await staged(bob, group, [broken])).toEqual(refused);
  });
});
