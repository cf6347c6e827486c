import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import { createMlsEngine } from '../../../crypto/mls/create-engine.ts';
import { marmotProfile, marmotRules } from '../../../crypto/mls/marmot-rules.ts';
import { nodeSuite } from '../../../crypto/mls/suite.ts';
import { createCells } from '../../../crypto/signal/test/cells.ts';
import { readSignedEvent, signEvent, type SignedEvent } from '../event.ts';
import { giftWrap } from '../gift-wrap.ts';
import { nostrGuard, type Operation } from '../guard.ts';
import { fromHex } from '../hex.ts';
import { freshSecretKey, publicKeyOf, type SecretKey } from '../keys.ts';
import type { RelayUrl } from '../relay-url.ts';
import { openInvitation } from '../requests.ts';
import { encodeAppEvent, readAppEvent } from './app-event.ts';
import { appMessageDraft, readAppMessage } from './app-message.ts';
import { GROUP_EVENT_EXPORTER, openGroupEvent, readGroupEvent, sealGroupEvent } from './group-event.ts';
import { freshSlot, keyPackageDraft, readKeyPackageEvent } from './key-package-event.ts';
import { accountOf, groupComponents, knownComponents, memberProofHolds, ownMember } from './member.ts';
import { readRouting, ROUTING_COMPONENT, type NostrGroupId } from './routing.ts';
import { welcomeDraft } from './welcome.ts';

const NOW = Date.UTC(2026, 10, 26);
const relays = ['wss://relay.example' as RelayUrl];
const group = randomBytes(32).toString('hex') as NostrGroupId;

/** An account with the real engine. `signs`: the key its proofs are made with, its own unless it lies. */
function createMember(secret: SecretKey = freshSecretKey(), signs: SecretKey = secret) {
  const cells = createCells();
  const me = { ...ownMember(signs, () => NOW), identity: ownMember(secret, () => NOW).identity };
  const rules = marmotRules(memberProofHolds);
  const engine = createMlsEngine({ suite: nodeSuite, rules, me, profile: marmotProfile });
  const key = publicKeyOf(secret);
  const { label, context, bytes } = GROUP_EVENT_EXPORTER;
  return {
    secret,
    key,
    engine,
    run: cells.run,
    /** A key package in its event, as a relay would give it. */
    async offer(): Promise<SignedEvent> {
      const made = await cells.run((work) => engine.makeKeyPackage(work, NOW));
      const offer = { extensions: [6], proposals: [8, 10], components: knownComponents };
      return wire(signEvent(keyPackageDraft(made.message, freshSlot(), offer, NOW / 1000), secret), {
        kind: 'key-package',
        account: key,
      });
    },
    groupKey: (of: GroupKey): Promise<Uint8Array> =>
      cells.run((work) => engine.exportSecret(of, label, Buffer.from(context), bytes, work)),
    /** Seals what is said in MLS and for the relays. */
    async say(of: GroupKey, text: string): Promise<SignedEvent> {
      const app = encodeAppEvent(
        key,
        appMessageDraft({ kind: 'text', text, replyTo: null, files: 0 }, NOW / 1000),
      );
      const sealed = await cells.run((work) => engine.seal(of, app.bytes, new Uint8Array(), work, NOW));
      const event = sealGroupEvent(await this.groupKey(of), group, sealed.bytes, NOW);
      return wire(event, { kind: 'group-message', account: key, group });
    },
    /** What a relay's event says, and who said it. */
    async hear(of: GroupKey, event: SignedEvent): Promise<readonly [string, string]> {
      const found = readGroupEvent(event);
      const opened = found && openGroupEvent(found, [await this.groupKey(of)]);
      if (!opened) throw new Error('no key opens it');
      const processed = await cells.run((work) => engine.process(opened.message, work, NOW));
      if (processed.kind !== 'application') throw new Error(processed.kind);
      const from = accountOf(processed.from);
      const app = from && readAppEvent(processed.plaintext, from);
      if (app?.kind !== 'event') throw new Error('no app event');
      const said = readAppMessage(app.event);
      return [app.event.pubkey, said.kind === 'text' ? said.text : said.kind];
    },
  };
}

type About = Operation extends infer O
  ? O extends { readonly text: string }
    ? Omit<O, 'text'>
    : never
  : never;

/** An event over the wire: through the guard, as text, and read again. */
function wire(event: SignedEvent, about: About): SignedEvent {
  const text = JSON.stringify(['EVENT', event]);
  expect(nostrGuard.check({ ...about, text }, () => false)).toBe('pass');
  const read = readSignedEvent((JSON.parse(text) as readonly unknown[])[1]);
  if (read === null) throw new Error('own event does not read');
  return read;
}

test('with the real engine: offered, added, invited, joined, and talked with', async () => {
  const [alice, bob] = [createMember(), createMember()];
  const offered = await bob.offer();
  const found = readKeyPackageEvent(offered);
  if (found === null) throw new Error('own offer does not read');
  const read = await alice.engine.readKeyPackage(found.message, NOW);
  expect(read).toMatchObject({ kind: 'key-package', ref: found.ref, proposals: [8, 10], extensions: [6] });

  const components = groupComponents({ name: 'Owls', admins: [alice.key], routing: { group, relays } });
  const made = await alice.run((work) => alice.engine.createGroup(randomBytes(32), components, work, NOW));
  const staged = await alice.run((work) =>
    alice.engine.stage(made, [{ kind: 'add', keyPackage: found.message }], work, NOW),
  );
  if (staged.kind !== 'staged' || staged.welcome === null) throw new Error(staged.kind);
  await alice.run((work) => alice.engine.applyPending(made, staged.digest, work, NOW));
  const draft = welcomeDraft({ keyPackageEvent: offered.id, relays, message: staged.welcome }, NOW / 1000);
  const wrap = wire(giftWrap(alice.secret, bob.key, draft, NOW), {
    kind: 'gift-wrap',
    account: alice.key,
    to: bob.key,
  });

  const invitation = openInvitation(bob, wrap);
  if (invitation.kind !== 'welcome') throw new Error(invitation.kind);
  const opened = await bob.run((work) => bob.engine.readWelcome(invitation.welcome.message, work, NOW));
  // Who sealed the wrap is who made the commit that adds me.
  expect(opened.kind === 'invitation' && accountOf(opened.by)).toBe(invitation.from);
  const joined = await bob.run((work) => bob.engine.join(invitation.welcome.message, work, NOW));
  if (joined.kind !== 'joined') throw new Error(joined.why);
  const routing = joined.view.components.get(ROUTING_COMPONENT);
  expect(routing && readRouting(routing)).toEqual({ group, relays });
  expect(joined.view.members.map(accountOf)).toEqual([alice.key, bob.key]);

  expect(await bob.hear(joined.group, await alice.say(made, 'who?'))).toEqual([alice.key, 'who?']);
  expect(await alice.hear(made, await bob.say(joined.group, 'owls'))).toEqual([bob.key, 'owls']);
});

test('a commit goes out under the key of the epoch it ends, and who is removed opens nothing after it', async () => {
  const [alice, bob] = [createMember(), createMember()];
  const found = readKeyPackageEvent(await bob.offer());
  const components = groupComponents({ name: '', admins: [alice.key], routing: { group, relays } });
  const made = await alice.run((work) => alice.engine.createGroup(randomBytes(32), components, work, NOW));
  const stage = async (changes: Parameters<typeof alice.engine.stage>[1]) => {
    const staged = await alice.run((work) => alice.engine.stage(made, changes, work, NOW));
    if (staged.kind !== 'staged') throw new Error(staged.why);
    return staged;
  };
  const adding = await stage([{ kind: 'add', keyPackage: found?.message ?? new Uint8Array() }]);
  await alice.run((work) => alice.engine.applyPending(made, adding.digest, work, NOW));
  await bob.run((work) => bob.engine.join(adding.welcome ?? new Uint8Array(), work, NOW));

  const { commit, digest } = await stage([{ kind: 'remove', leaf: 1 }]);
  const event = sealGroupEvent(await alice.groupKey(made), group, commit, NOW);
  wire(event, { kind: 'group-message', account: alice.key, group });
  const bobsKey = await bob.groupKey(made);
  await alice.run((work) => alice.engine.applyPending(made, digest, work, NOW));
  const read = readGroupEvent(event);
  const opened = read && openGroupEvent(read, [bobsKey]);
  if (!opened) throw new Error('bob cannot read that he is removed');
  expect((await bob.run((work) => bob.engine.process(opened.message, work, NOW))).kind).toBe('removed');
  const after = readGroupEvent(await alice.say(made, 'gone?'));
  expect(after && openGroupEvent(after, [bobsKey])).toBeNull();
});

test('AT-14 a leaf whose proof is another account’s is taken nowhere', async () => {
  const [alice, bob] = [createMember(), createMember()];
  const liar = createMember(bob.secret, freshSecretKey());
  const found = readKeyPackageEvent(await liar.offer());
  if (found === null) throw new Error('offer does not read');
  expect(await alice.engine.readKeyPackage(found.message, NOW)).toEqual({ kind: 'refused', why: 'member' });
  const components = groupComponents({ name: '', admins: [alice.key], routing: { group, relays } });
  const made = await alice.run((work) => alice.engine.createGroup(randomBytes(32), components, work, NOW));
  const staged = await alice.run((work) =>
    alice.engine.stage(made, [{ kind: 'add', keyPackage: found.message }], work, NOW),
  );
  expect(staged).toEqual({ kind: 'refused', why: 'member' });
});

test('the engine takes a key package of MDK, and its account is proven', async () => {
  const mdk = fromHex(
    readFileSync(new URL('../test/vectors/mdk-keypackage-2026-09.hex', import.meta.url), 'utf8').trim(),
  );
  const read = await createMember().engine.readKeyPackage(mdk, NOW);
  if (read.kind !== 'key-package') throw new Error(read.why);
  expect(accountOf(read.member)).toBe('10ca9c41ce77fa315b90d238cefec6da0a1fd4084d55e4c56370b7b596e1ac15');
});
