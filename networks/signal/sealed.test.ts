import { randomBytes, randomInt } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EnvelopeKey } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readErrand } from './errand.ts';
import { conversationWith, peerOf } from './names.ts';
import { arrivingOf } from './test/arriving.ts';
import { ACCOUNT, createCoreDouble, type CoreDouble } from './test/lane-context.ts';
import { data, text, textData, transcript } from './test/receiving-world.ts';
import { createSealedWorld, type SealedWorld, type Sender } from './test/sealed-world.ts';
import type { Delivery } from './service/service.ts';

/* What arrives sealed by libsignal itself, in envelopes written by the mock server's codec. */

const T = 1_799_999_000_000;
const opening = (world: SealedWorld): CoreDouble => createCoreDouble({ work: world.account.keys.work });
const arrive = (world: SealedWorld, core: CoreDouble, ...deliveries: readonly Delivery[]): Promise<void> =>
  world.receiver(core.context).receive(arrivingOf(deliveries));
const texts = (core: CoreDouble) => core.changes('message').map(({ content }) => content.text);
const outcomes = (core: CoreDouble) => core.settled().map(({ kind }) => kind);

describe('sealed by libsignal', () => {
  it('messages open in any order, sealed sender or not, once', async () => {
    const world = createSealedWorld();
    const core = opening(world);
    const alice = await world.meet();
    const sent: Delivery[] = [];
    for (let n = 0; n < 40; n++) sent.push(await alice.says(text(`${n}`, T + n), { sealed: n % 2 === 0 }));
    const [first, ...others] = sent;
    const mixed = [...others].toReversed();
    await arrive(world, core, ...(first ? [first] : []), ...mixed, ...mixed.slice(0, 10));
    await arrive(world, core, ...sent);
    expect(texts(core).toSorted()).toEqual(Array.from({ length: 40 }, (_, n) => `${n}`).toSorted());
    expect(outcomes(core).filter((kind) => kind === 'duplicate')).toHaveLength(40);
    expect(outcomes(core)).not.toContain('quarantined');
    expect(world.acknowledged).toHaveLength(90);
    const chat = conversationWith(ACCOUNT, alice.party.service);
    const identity = Buffer.from(alice.party.identity.publicKey.serialize()).toString('hex');
    const [message] = core.changes('message');
    expect(message).toMatchObject({
      target: { conversation: chat },
      author: peerOf(alice.party.service),
      evidence: { how: 'opened-here', from: { key: identity, proof: 'session' } },
    });
    const details = core
      .changes('message')
      .map(({ evidence }) => evidence.details.find(({ name }) => name === 'sealed-sender')?.value);
    expect(new Set(details)).toEqual(new Set(['yes', 'no']));
    expect(core.commits[0]?.forecasts[0]?.facts[0]?.endToEnd).toMatchObject({ is: true });
  });

  it('what my phone tells is mine, what anybody else tells as my phone is not', async () => {
    const world = createSealedWorld();
    const core = opening(world);
    const alice = await world.meet();
    const phone = await world.phone();
    const told = transcript(alice.party.service, textData('from the phone', T));
    await arrive(world, core, await phone.says(told), await phone.says(told, { sealed: true }));
    expect(core.changes('message')).toMatchObject([
      { author: 'me', evidence: { how: 'told-by-own-device', device: '1' } },
      { author: 'me', target: { key: `me:${T}` } },
    ]);
    await arrive(
      world,
      core,
      await alice.says(told, { guid: new Uint8Array(16) }),
      await alice.says(told, {
        sealed: true,
        guid: new Uint8Array(16).fill(1),
      }),
      // The server lies about who sent it: it is sealed under no session of mine with that device.
      await alice.says(told, {
        guid: new Uint8Array(16).fill(2),
        change: (envelope) => ({ ...envelope, source: { service: world.account.aci.service, device: 1 } }),
      }),
    );
    expect(core.changes('message')).toHaveLength(2);
    const refused = core.settled().slice(2);
    expect(refused.map((one) => one.kind === 'quarantined' && one.why)).toEqual([
      'forged-sync',
      'forged-sync',
      expect.any(String),
    ]);
  });

  it('a new key is told before what it says, and once', async () => {
    const world = createSealedWorld();
    const core = opening(world);
    const alice = await world.meet();
    await arrive(world, core, await alice.says(text('hello', T)));
    const again = await world.meet({ service: alice.party.service, device: 1 });
    await arrive(
      world,
      core,
      await again.says(text('new phone', T + 1)),
      await again.says(text('it is me', T + 2), { sealed: true }),
    );
    expect(core.changes('identity')).toMatchObject([
      {
        peer: peerOf(alice.party.service),
        was: Buffer.from(alice.party.identity.publicKey.serialize()).toString('hex'),
        now: Buffer.from(again.party.identity.publicKey.serialize()).toString('hex'),
        trust: { kind: 'changed', wasChecked: false },
      },
    ]);
    expect(texts(core)).toEqual(['hello', 'new phone', 'it is me']);
  });

  it('a second device is told once the first is known', async () => {
    const world = createSealedWorld();
    const core = opening(world);
    const alice = await world.meet();
    await arrive(world, core, await alice.says(text('hello', T)));
    const { service, identity } = alice.party;
    const desk = await world.meet({ service, device: 3, identity });
    await arrive(world, core, await desk.says(text('from the desk', T + 1)));
    expect(core.changes('device')).toMatchObject([{ device: '3', act: 'added', sameIdentity: true }]);
    expect(core.changes('identity')).toEqual([]);
  });

  it('what was changed on its way is asked for again, once, and what comes then is shown', async () => {
    const world = createSealedWorld();
    const core = opening(world);
    const alice = await world.meet();
    await arrive(world, core, await alice.says(text('hello', T)));
    await answer(world, core, alice);
    const broken = await alice.says(text('broken', T + 1), {
      guid: randomBytes(16),
      change: (envelope) => ({
        ...envelope,
        content: envelope.content.with(envelope.content.length - 1, (envelope.content.at(-1) ?? 0) ^ 1),
      }),
    });
    await arrive(world, core, broken);
    const errands = core
      .items()
      .flatMap(({ intent: { what } }) => (what.kind === 'protocol' ? [readErrand(what)] : []));
    expect(errands).toMatchObject([{ op: 'retry-request', to: { service: alice.party.service, device: 1 } }]);
    expect(core.changes('note')).toEqual([]);
    await arrive(world, core, await alice.says(text('once more', T + 1)));
    expect(texts(core)).toEqual(['hello', 'once more']);
  });

  it('a failed envelope takes nothing of its sender’s session along', async () => {
    const world = createSealedWorld();
    const core = opening(world);
    const alice = await world.meet();
    const good = await alice.says(text('good', T));
    const next = await alice.says(text('next', T + 1));
    const cut = { ...good, key: 'cut' as EnvelopeKey, envelope: shortened(good) };
    await arrive(world, core, cut, good, next);
    expect(texts(core)).toEqual(['good', 'next']);
    expect(core.outcome('cut' as EnvelopeKey)).toBe('quarantined');
  });
});

/** Both sides have written once: what comes now has nothing of the beginning in it. */
async function answer({ account }: SealedWorld, { context }: CoreDouble, { party }: Sender): Promise<void> {
  const work = createWork(context.view);
  const to = { service: party.service, device: party.device };
  const sealed = await account.engine.seal(Uint8Array.of(1), to, work, T);
  await context.commit({ ...emptyCommit, work: work.writes() });
  await party.read(sealed, account.aci);
}

function shortened({ envelope }: Delivery): Delivery['envelope'] {
  if (envelope === null) return null;
  return { ...envelope, content: envelope.content.subarray(0, envelope.content.length - 20) };
}

describe('AT-61 a hostile server', () => {
  it('hands over bytes of every kind: all are settled and acknowledged, none is shown', async () => {
    const world = createSealedWorld();
    const core = opening(world);
    const alice = await world.meet();
    const real = (await alice.says(text('real', T), { sealed: true })).raw;
    const deliveries = Array.from({ length: 1_000 }, (_, n): Delivery => {
      if (n % 2 === 0) return world.delivery(randomBytes(randomInt(0, 400)));
      const changed = Uint8Array.from(real);
      for (let change = 0; change <= n % 5; change++) changed[randomInt(changed.length)] = randomInt(256);
      return world.delivery(n % 3 === 0 ? changed.subarray(0, randomInt(changed.length)) : changed);
    });
    await arrive(world, core, ...deliveries);
    expect(world.acknowledged).toHaveLength(1_000);
    expect(core.settled().length).toBeGreaterThan(900);
    // At most the one that was written, where nothing that counts was changed.
    expect(texts(core).filter((words) => words !== 'real')).toEqual([]);
    expect(JSON.stringify(core.logged)).not.toContain(alice.party.service);
    await arrive(world, core, await alice.says(text('still here', T + 9)));
    expect(texts(core)).toContain('still here');
  });

  it('puts other names on envelopes: nobody is believed', async () => {
    const world = createSealedWorld();
    const core = opening(world);
    const [alice, bob] = [await world.meet(), await world.meet()];
    await arrive(world, core, await alice.says(text('alice', T)), await bob.says(text('bob', T)));
    const asAlice = await bob.says(text('I am Alice', T + 1), {
      change: (envelope) => ({ ...envelope, source: { service: alice.party.service, device: 1 } }),
    });
    const asAlicesSecond = await bob.says(text('I am Alice too', T + 2), {
      change: (envelope) => ({ ...envelope, source: { service: alice.party.service, device: 7 } }),
    });
    await arrive(world, core, asAlice, asAlicesSecond);
    expect(texts(core)).toEqual(['alice', 'bob']);
    expect(core.changes('identity')).toEqual([]);
    await arrive(world, core, await alice.says(text('I am', T + 3)));
    expect(texts(core)).toEqual(['alice', 'bob', 'I am']);
  });

  it('delivers what was never about it: foreign edits, deletions, receipts', async () => {
    const world = createSealedWorld();
    const core = opening(world);
    const [alice, bob] = [await world.meet(), await world.meet()];
    const target = { author: alice.party.service, sentAt: T };
    await arrive(world, core, await alice.says(text('alice', T)), await bob.says(text('bob', T + 1)));
    await arrive(
      world,
      core,
      await bob.says(data({ kind: 'delete', targetSentAt: T }, T + 2)),
      await bob.says({ kind: 'edit', targetSentAt: T, data: textData('forged', T + 3) }),
      await bob.says(data({ kind: 'reaction', target, emoji: '👎', remove: false }, T + 4)),
    );
    const chat = conversationWith(ACCOUNT, alice.party.service);
    const touching = core.commits
      .flatMap(({ changes }) => changes)
      .filter((change) => 'target' in change && change.target.conversation === chat);
    expect(touching.map(({ kind }) => kind)).toEqual(['message']);
  });

  it('may give anything in any order any number of times: each message is shown once at most', async () => {
    const world = createSealedWorld();
    const [alice, phone] = [await world.meet(), await world.phone()];
    const sent: Delivery[] = [];
    for (let n = 0; n < 12; n++) {
      sent.push(await alice.says(text(`a${n}`, T + n), { sealed: n % 3 === 0 }));
      sent.push(await phone.says(transcript(alice.party.service, textData(`p${n}`, T + 100 + n))));
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: sent.length - 1 }), { minLength: 1, maxLength: 40 }),
        async (order) => {
          const core = opening(world);
          const chosen = order.flatMap((at) => sent[at] ?? []);
          const half = Math.floor(chosen.length / 2);
          await arrive(world, core, ...chosen.slice(0, half));
          await arrive(world, core, ...chosen.slice(half));
          const shown = texts(core);
          expect(new Set(shown).size).toBe(shown.length);
          expect(shown).toHaveLength(new Set(chosen).size);
        },
      ),
      { numRuns: 25 },
    );
  });
});
