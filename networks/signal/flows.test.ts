import { randomUUID } from 'node:crypto';
import { Aci, Fingerprint, PrivateKey, PublicKey } from '@signalapp/libsignal-client';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { createRawParty, type RawParty } from '../../crypto/signal/test/raw-party.ts';
import type { FlowAnswer, FlowStep } from '../../shared/lane/flow.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { createWork } from '../../shared/lane/work.ts';
import { chat, check } from './flows.ts';
import { conversationWith, peerOf } from './names.ts';
import { readPeer, unknownPeer, writePeer } from './peer-record.ts';
import { createRunning, type Running } from './running.ts';
import type { SignalConnection, SignalService } from './service/service.ts';
import { ACCOUNT, createCoreDouble, type CoreDouble } from './test/lane-context.ts';
import { createOwnAccount } from './test/own-account.ts';

type Answers = Partial<{ readonly [N in keyof SignalService]: () => unknown }>;

interface World {
  readonly core: CoreDouble;
  readonly running: Running;
  readonly friend: RawParty;
  readonly looked: string[];
}

/** A running account that is connected to a service which knows one person: `mara.01`. */
async function createWorld(answers: Answers = {}): Promise<World> {
  const friend = createRawParty();
  const core = createCoreDouble({ work: createOwnAccount().work });
  const running = await createRunning(core.context);
  const looked: string[] = [];
  const service = {
    async bundles(of: ServiceId) {
      if (answers.bundles) return answers.bundles();
      if (of !== friend.service) return { kind: 'unregistered' };
      const identityKey = friend.identity.publicKey.serialize();
      return { kind: 'bundles', identityKey, devices: [await friend.bundle()] };
    },
    async lookUpUsername(username: string) {
      looked.push(username);
      if (answers.lookUpUsername) return answers.lookUpUsername();
      return { kind: 'found', service: username === 'mara.01' ? friend.service : null };
    },
  } as unknown as SignalService;
  running.connection = { service } as SignalConnection;
  return { core, running, friend, looked };
}

async function run(
  flow: AsyncGenerator<FlowStep, null, FlowAnswer | undefined>,
  answer?: FlowAnswer,
): Promise<readonly FlowStep[]> {
  const steps: FlowStep[] = [];
  for (let next = await flow.next(); !next.done; next = await flow.next(answer)) steps.push(next.value);
  return steps;
}
const failed = (why: string) => ({ kind: 'failed', why });

describe('a chat', () => {
  test.each([
    ['a username', () => 'mara.01'],
    ['a username with an at', () => '@mara.01'],
    ['an account', ({ friend }: World) => friend.service],
    ['an account in capitals', ({ friend }: World) => ` ${friend.service.toUpperCase()} `],
  ])('is started with %s: label and conversation stand before the first word', async (_, address) => {
    const world = await createWorld();
    const steps = await run(chat(world.running, address(world)));
    const conversation = conversationWith(ACCOUNT, world.friend.service);
    expect(steps.at(-1)).toEqual({ kind: 'done', conversation, peer: peerOf(world.friend.service) });
    expect(world.core.changes('conversation')).toMatchObject([
      { id: conversation, patch: { kind: 'direct', protocol: 'signal', state: 'active' } },
    ]);
    const identity = Buffer.from(world.friend.identity.publicKey.serialize()).toString('hex');
    expect(world.core.changes('peer')[0]).toMatchObject({ identity });
    const forecasts = world.core.commits.flatMap((commit) => commit.forecasts);
    expect(forecasts).toMatchObject([{ conversation, hold: null, facts: [{}] }]);
    // Again: the same conversation, and nothing is told twice.
    await run(chat(world.running, address(world)));
    expect(world.core.changes('conversation')).toHaveLength(1);
  });

  test('is started with a number of my phone’s contacts, and only where it is one person’s', async () => {
    const world = await createWorld();
    const other = randomUUID() as string as ServiceId;
    const work = createWork(world.core.context.view);
    writePeer(work, world.friend.service, { ...unknownPeer, number: '+491512345678' });
    world.core.put(work.writes());
    const addressed = async (address: string) => (await run(chat(world.running, address))).at(-1)?.kind;
    for (const address of ['+49 151 234 5678', '0151/2345678'.replace('/', ' '), '(0151) 234-5678'])
      expect(await addressed(address)).toBe('done');
    for (const address of ['+43 151 234 5678', '45678', '+491512345679'])
      expect(await addressed(address)).toBe('failed');
    const more = createWork(world.core.context.view);
    await readPeer(more, other);
    writePeer(more, other, { ...unknownPeer, number: '+431512345678' });
    await world.running.context.commit({ ...emptyCommit, work: more.writes() });
    expect(await addressed('0151 2345678')).toBe('failed');
    expect(await addressed('+491512345678')).toBe('done');
    // The server is never asked whose number it is.
    expect(world.looked).toEqual([]);
  });

  test('with myself is one with notes', async () => {
    const world = await createWorld();
    const steps = await run(chat(world.running, world.running.own.service));
    expect(steps.at(-1)?.kind).toBe('done');
    expect(world.core.changes('conversation')).toMatchObject([{ patch: { kind: 'self', state: 'active' } }]);
  });

  test.each([
    ['sgnl://linkdevice?uuid=a&pub_key=b', 'code-of-another-kind'],
    ['  SGNL://LINKDEVICE?uuid=a', 'code-of-another-kind'],
    ['tsdevice:/?uuid=a', 'code-of-another-kind'],
    ['hello', 'address-malformed'],
    ['', 'address-malformed'],
    ['mara@example.org', 'code-of-another-kind'],
    [`PNI:${randomUUID()}`, 'address-malformed'],
    ['nobody.99', 'no-key'],
    [randomUUID(), 'no-key'],
    ['+491512345678', 'no-key'],
  ])('with %s fails: %s', async (address, why) => {
    const world = await createWorld();
    expect((await run(chat(world.running, address))).at(-1)).toEqual(failed(why));
    expect(world.core.commits).toEqual([]);
  });

  test.each([
    [{ bundles: () => ({ kind: 'offline' }) }, 'server-unreachable'],
    [{ bundles: () => ({ kind: 'rate-limited', retryAfterMs: null }) }, 'rate-limited'],
    [{ bundles: () => ({ kind: 'expired' }) }, 'app-expired'],
    [{ lookUpUsername: () => ({ kind: 'offline' }) }, 'server-unreachable'],
    [{ lookUpUsername: () => ({ kind: 'rate-limited', retryAfterMs: 1 }) }, 'rate-limited'],
    [{ lookUpUsername: () => ({ kind: 'expired' }) }, 'app-expired'],
  ])('says what is wrong with the server: %o', async (answers, why) => {
    const { running } = await createWorld(answers);
    expect((await run(chat(running, 'mara.01'))).at(-1)).toEqual(failed(why));
  });

  test('needs the network, and no forged key', async () => {
    const away = await createWorld();
    away.running.connection = null;
    expect((await run(chat(away.running, 'mara.01'))).at(-1)).toEqual(failed('server-unreachable'));
    const forger = createRawParty();
    const forged = await createWorld();
    const bundle = await forger.bundle();
    const identityKey = forged.friend.identity.publicKey.serialize();
    const other = await createWorld({ bundles: () => ({ kind: 'bundles', identityKey, devices: [bundle] }) });
    expect((await run(chat(other.running, 'mara.01'))).at(-1)).toEqual(failed('proof-failed'));
    expect(other.core.commits).toEqual([]);
  });

  test('takes anything without breaking', async () => {
    const world = await createWorld();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 200 }), async (address) => {
        expect((await run(chat(world.running, address))).at(-1)?.kind).toBe('failed');
      }),
    );
  });
});

describe('a check', () => {
  test('shows sixty digits in groups; a yes is told to my other devices', async () => {
    const world = await createWorld();
    await run(chat(world.running, 'mara.01'));
    const { service, identity } = world.friend;
    const steps = await run(check(world.running, peerOf(service)), { kind: 'yes' });
    expect(steps[0]).toMatchObject({
      kind: 'compare',
      values: [{ of: 'both', number: expect.stringMatching(/^\d{5}(?: \d{5}){11}$/) }],
      theirs: Buffer.from(identity.publicKey.serialize()).toString('hex'),
      accepts: ['signal-number'],
    });
    // The words are the number once more.
    const [said] = steps[0]?.kind === 'compare' ? steps[0].values : [];
    const bits = (said?.words ?? [])
      .map((word) => wordlist.indexOf(word).toString(2).padStart(11, '0'))
      .join('');
    expect(
      BigInt(`0b${bits.slice(0, 200)}`)
        .toString()
        .padStart(60, '0'),
    ).toBe(said?.number.replaceAll(' ', ''));
    expect(steps.at(-1)).toMatchObject({ kind: 'done', peer: peerOf(service) });
    expect(world.core.items().map(({ intent: { what } }) => what)).toMatchObject([
      { kind: 'protocol', op: 'sync-verified' },
    ]);
  });

  test('that found another number tells nobody anything', async () => {
    const world = await createWorld();
    await run(chat(world.running, 'mara.01'));
    const steps = await run(check(world.running, peerOf(world.friend.service)), { kind: 'no' });
    expect(steps.at(-1)).toEqual(failed('numbers-differ'));
    expect(world.core.items()).toEqual([]);
  });

  test('takes the code of their phone, or its digits; AT-09 of another key tells nobody anything', async () => {
    const world = await createWorld();
    await run(chat(world.running, 'mara.01'));
    const { service, identity } = world.friend;
    const { own } = world.running;
    const phone = (mine: PublicKey): Fingerprint => {
      const side = (of: ServiceId, key: PublicKey): [Uint8Array<ArrayBuffer>, PublicKey] => [
        Uint8Array.from(Aci.parseFromServiceIdString(of).getServiceIdBinary()),
        key,
      ];
      return Fingerprint.new(5_200, 2, ...side(service, identity.publicKey), ...side(own.service, mine));
    };
    const right = phone(PublicKey.deserialize(Uint8Array.from(own.identityKey)));
    const forged = phone(PrivateKey.generate().getPublicKey());
    const scans = async (code: Uint8Array): Promise<FlowStep | undefined> => {
      const steps = check(world.running, peerOf(service));
      await steps.next();
      const { value } = await steps.next({ kind: 'code', code });
      await steps.return(null);
      return value ?? undefined;
    };
    const digits = (of: Fingerprint): Uint8Array => Buffer.from(of.displayableFingerprint().toString());
    for (const code of [right.scannableFingerprint().toBuffer(), digits(right)])
      expect(await scans(code)).toMatchObject({ kind: 'compare', matched: true });
    for (const code of [forged.scannableFingerprint().toBuffer(), digits(forged)])
      expect(await scans(code)).toEqual(failed('code-differs'));
    expect(await scans(Buffer.from('sgnl://linkdevice?uuid=1'))).toEqual(failed('code-of-another-kind'));
    expect(world.core.items()).toEqual([]);
  });

  test('needs a key', async () => {
    const world = await createWorld();
    const stranger = peerOf(randomUUID() as ServiceId);
    expect(await run(check(world.running, stranger))).toEqual([failed('no-key')]);
  });
});
