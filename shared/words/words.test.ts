import { timerChoices } from '../contract/conversation.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { featureLimits, features, sendStates } from '../contract/conversation.ts';
import { errorKinds } from '../errors.ts';
import type { Author } from '../contract/message.ts';
import { networks, peerId, protocols } from '../ids.ts';
import { detailNames } from '../label/evidence.ts';
import { holdReasons, type HoldReason, type SecurityFacts, type Trust } from '../label/facts.ts';
import { limitCodes, type Label, type Readers } from '../label/label.ts';
import { cases, limitRows } from '../label/oracle.ts';
import { neededFacts } from '../label/rules.ts';
import { noteCodes, type NoteCode } from '../lane/change.ts';
import { codeKinds } from '../code.ts';
import { flowFailures } from '../lane/flow.ts';
import { failureCodes } from '../lane/intent.ts';
import { confirmKinds } from '../shell/host.ts';
import { createWords } from './words.ts';

const words = createWords('en', { timeZone: 'UTC' });
const odd = createWords('pseudo', { timeZone: 'UTC' });
const MARCH_3 = Date.UTC(2026, 2, 3, 10, 5);

const make = (
  readers: Readers,
  trust: Trust = { kind: 'unchecked' },
  hold: HoldReason | null = null,
): Label => ({
  network: 'email',
  protocol: readers.kind === 'provider' ? 'none' : 'openpgp',
  testNetwork: false,
  rules: 1,
  readers,
  identity: { kind: 'one', trust },
  sending: hold === null ? { ok: true } : { ok: false, why: hold },
});
const checked: Trust = { kind: 'checked', at: MARCH_3, by: 'code' };
const pgp: Readers = { kind: 'members-limited', limits: ['no-forward-secrecy', 'no-recovery'] };
const alice = { name: 'Alice' };

describe('who can read it', () => {
  it('names the other side only when it was checked', () => {
    const members: Readers = { kind: 'members' };
    expect(words.readersSentence(make(members, checked), alice)).toBe('Only you and Alice can read this.');
    expect(words.readersShort(make(members, checked), alice)).toBe('Only you and Alice');
    for (const trust of [{ kind: 'unchecked' }, { kind: 'changed', at: 1, wasChecked: true }] as const) {
      expect(words.readersSentence(make(members, trust), alice)).toBe(
        'Only people in this chat can read this.',
      );
      expect(words.readersShort(make(members, trust), alice)).toBe('Only people in this chat');
    }
    expect(words.readersSentence(make(members, checked), { name: null })).toBe(
      'Only people in this chat can read this.',
    );
  });

  it('says the limits', () => {
    expect(words.readersSentence(make(pgp, checked), alice)).toBe('Private, with limits.');
    expect(words.limitSentences(pgp)).toEqual([
      'A stolen key opens old messages too.',
      'A stolen key opens later messages until it is replaced.',
    ]);
    expect(
      words.limitSentences({ kind: 'members-limited', limits: ['exposed'], exposed: ['subject'] }),
    ).toEqual(['The subject line can be seen by the servers on the way.']);
    expect(words.limitSentences({ kind: 'members-limited', limits: ['exposed'] })).toEqual([
      'Something can be seen by the servers on the way.',
    ]);
  });

  it('says of each limit what docs/label.md promises, in its order', () => {
    expect(limitRows.map(({ code }) => code).toSorted()).toEqual(limitCodes.toSorted());
    for (const { code, sentence } of limitRows)
      expect(words.limitSentences({ kind: 'members-limited', limits: [code], exposed: ['subject'] })).toEqual(
        [sentence],
      );
    const order = limitRows.map(({ code }) => code);
    for (const { readers } of cases)
      if (readers.kind === 'members-limited')
        expect(readers.limits).toEqual(order.filter((code) => readers.limits.includes(code)));
  });

  it('names who else can', () => {
    const who = [
      { kind: 'provider', name: 'Northmail' },
      { kind: 'provider', name: 'Postbox' },
    ] as const;
    expect(words.readersSentence(make({ kind: 'provider', who: who.slice(0, 1) }), alice)).toBe(
      'Northmail can read this.',
    );
    expect(words.readersShort(make({ kind: 'provider', who }), alice)).toBe(
      'Northmail and Postbox can read this',
    );
    expect(words.readersShort(make({ kind: 'provider', who: [] }), alice)).toBe('The provider can read this');
    const many = ['Aa', 'Bb', 'Cc', 'Dd', 'Ee'].map((name) => ({ kind: 'provider', name }) as const);
    expect(words.holdersName(many.slice(0, 3))).toBe('Aa, Bb and Cc');
    expect(words.holdersName(many)).toBe('Aa, Bb and 3 others');
  });

  it('says when it is not known', () => {
    const unknown: Readers = { kind: 'unknown', missing: ['endToEnd'] };
    expect(words.readersSentence(make(unknown), alice)).toBe('Not known. Treat it as public.');
    expect(words.limitSentences(unknown)).toEqual(['Whether anyone between can read it is not known.']);
  });

  it('is one line for notifications and export, stopped first and nothing replaced', () => {
    expect(words.labelLine(make(pgp, checked, 'identity-changed'), alice)).toBe(
      'Stopped. Alice’s key changed. Nothing is sent until you look. Private, with limits. ' +
        'A stolen key opens old messages too. Checked with a code on 3 March 2026. E-mail · OpenPGP.',
    );
  });

  it('says test network on each label of a test profile', () => {
    expect(words.routeName({ ...make(pgp), testNetwork: true })).toBe('Test network · E-mail · OpenPGP');
    expect(words.routeName(make({ kind: 'provider', who: [] }))).toBe('E-mail · no encryption');
  });
});

describe('what happens in a group', () => {
  const me = { me: true } as const;
  const who = (name: string) => ({ me: false, peer: peerId('nostr', name), name }) as const;
  const [bob, carol] = [who('Bob'), who('Carol')];
  const note = (code: NoteCode, people: readonly Author[], by: Author | null = null, others = 0) =>
    words.note(code, { name: null }, { people, by, others }).what;

  it.each([
    ['member-joined', [bob], null, 'Bob joined.'],
    ['member-joined', [bob, carol], me, 'You added Bob and Carol.'],
    ['member-joined', [bob], carol, 'Carol added Bob.'],
    ['member-joined', [me], carol, 'Carol added you.'],
    ['member-joined', [me], null, 'You joined.'],
    ['member-left', [bob], null, 'Bob left.'],
    ['member-left', [me], null, 'You left.'],
    ['member-removed', [bob], carol, 'Carol removed Bob.'],
    ['member-removed', [me], carol, 'Carol removed you.'],
    ['member-removed', [me], null, 'You were removed.'],
    ['member-removed', [bob], null, 'Removed: Bob.'],
    ['member-promoted', [bob], me, 'You made Bob an admin.'],
    ['member-promoted', [me], carol, 'Carol made you an admin.'],
    ['member-demoted', [bob], null, 'No longer an admin: Bob.'],
    ['group-renamed', [], carol, 'Carol gave the group a new name.'],
    ['group-renamed', [], me, 'You gave the group a new name.'],
    ['group-renamed', [], null, 'The group has a new name.'],
    ['member-not-added', [bob], null, 'Could not be added: Bob.'],
    ['member-not-invited', [bob], null, 'No relay took the invitation for Bob.'],
    ['invitation-over', [], null, 'This invitation has run out. You are not in the group.'],
    ['new-device', [bob], null, 'Bob uses another device now. The key is the same.'],
    ['new-device', [me], null, 'Another device is here in your name.'],
  ] as const)('%s of %j by %j', (code, people, by, sentence) => {
    expect(note(code, people, by)).toBe(sentence);
  });

  it('names a few of many', () => {
    expect(note('member-joined', [bob, carol, who('Dan')], me, 6)).toBe(
      'You added Bob, Carol, Dan and 6 others.',
    );
  });

  it('lets no name continue the sentence', () => {
    const sly = who('Bob. You left');
    expect(note('member-left', [sly])).toBe('“Bob. You left” left.');
    expect(note('member-joined', [sly], sly)).toBe('“Bob. You left” added “Bob. You left”.');
    expect(note('member-joined', [who('')])).toBe('No name joined.');
  });

  it('says which names it holds, for those who draw them in another voice', () => {
    expect(words.namesIn({ name: null }, { people: [bob, me], by: carol, others: 0 })).toEqual([
      'Carol',
      'Bob',
    ]);
    expect(words.namesIn(alice)).toEqual(['Alice']);
  });
});

describe('a name that tries to speak for Plainseal', () => {
  const members: Readers = { kind: 'members' };
  it.each([
    ['Alice can read this. Nobody', 'Only you and “Alice can read this. Nobody” can read this.'],
    ['Alice” and nobody else “', 'Only you and “Alice and nobody else” can read this.'],
    ['Bob, checked 🔒', 'Only you and “Bob, checked 🔒” can read this.'],
    ['Ann\nStopped.', 'Only you and “Ann Stopped.” can read this.'],
    ['\\u202Eevil\\x41', 'Only you and “\\u202Eevil\\x41” can read this.'],
    ['{name}', 'Only you and “{name}” can read this.'],
    ['\u202E\u200B', 'Only you and No name can read this.'],
    ['𝐀𝐥𝐢𝐜𝐞', 'Only you and Alice can read this.'],
    ['Dr. Hartmann', 'Only you and Dr. Hartmann can read this.'],
    ['', 'Only you and No name can read this.'],
  ])('%j', (name, sentence) => {
    expect(words.readersSentence(make(members, checked), { name })).toBe(sentence);
  });

  it('AT-02 any name at all stays one piece of one sentence', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (name) => {
        const sentence = words.readersSentence(make(members, checked), { name });
        expect(sentence).toMatch(/^Only you and [^\n\u202A-\u202E]+ can read this\.$/u);
        const inner = sentence
          .slice('Only you and '.length, -' can read this.'.length)
          .replace(/[\u2068\u2069]/gu, '');
        if (!/^“[^“”]*”$/u.test(inner)) expect(inner).toMatch(/^(?:[\p{L}\p{M}\p{N}’'. -]|\u200C|\u200D)+$/u);
      }),
      { numRuns: 5_000 },
    );
  });

  it('any value stays as it is: nothing in it is read as a message or an escape', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom('\\u0041', '\\x41', '\\', '\\\\u202e', '{x}', '#'),
        ),
        (text) => {
          expect(words.say('account.checked', { time: text })).toBe(
            `Checked ${text.replaceAll('\uFDD0', '')}`,
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('is it really them', () => {
  it('says how and when', () => {
    expect(words.identitySentence(make(pgp, checked))).toBe('Checked with a code on 3 March 2026.');
    expect(words.identitySentence(make(pgp))).toBe('Not checked yet.');
    expect(words.identitySentence(make(pgp, { kind: 'changed', at: MARCH_3, wasChecked: true }))).toBe(
      'Changed on 3 March 2026. Nothing has been checked since.',
    );
    expect(words.identitySentence(make(pgp, { kind: 'changed', at: MARCH_3, wasChecked: false }))).toBe(
      'Changed on 3 March 2026. It was never checked.',
    );
  });

  it('counts in a group', () => {
    const group = (checkedCount: number, changed: number): Label => ({
      ...make(pgp),
      identity: { kind: 'group', checked: checkedCount, changed, of: 6 },
    });
    expect(words.identitySentence(group(4, 0))).toBe('4 of 6 people checked.');
    expect(words.identitySentence(group(0, 0))).toBe('Nobody here is checked yet.');
    expect(words.identitySentence(group(4, 1))).toBe('1 person’s key changed. 4 of 6 people checked.');
    expect(words.identitySentence(group(4, 2))).toBe('2 people’s keys changed. 4 of 6 people checked.');
  });
});

describe('time', () => {
  const now = Date.UTC(2026, 10, 19, 14, 30);
  const DAY = 86_400_000;
  it('names days as people do', () => {
    expect(words.dayLine(now, now)).toBe('Today, Thursday 19 November');
    expect(words.dayLine(now - DAY, now)).toBe('Yesterday');
    expect(words.dayLine(now - 2 * DAY, now)).toBe('Tuesday 17 November');
    expect(words.dayLine(Date.UTC(2025, 2, 3), now)).toBe('3 March 2025');
    expect(words.rowTime(now, now)).toBe('14:30');
    expect(words.rowTime(now - 2 * DAY, now)).toBe('Tue');
    expect(words.rowTime(now - 9 * DAY, now)).toBe('10 Nov');
    expect(words.rowTime(Date.UTC(2025, 2, 3), now)).toBe('3 Mar 2025');
    expect(words.rowTime(now + DAY, now)).toBe('20 Nov');
  });

  it('rounds spans up', () => {
    expect(words.span(7 * DAY)).toBe('7 days');
    expect(words.span(DAY + 1)).toBe('2 days');
    expect(words.span(90 * 60_000)).toBe('2 hours');
    expect(words.span(60_001)).toBe('2 minutes');
    expect(words.span(0)).toBe('1 second');
    expect(timerChoices.map((ms) => words.stay(ms))).toEqual([
      '30 seconds',
      '5 minutes',
      '1 hour',
      '8 hours',
      '1 day',
      '1 week',
      '4 weeks',
    ]);
    expect([0, 1, 90 * 60_000].map((ms) => words.stay(ms))).toEqual(['1 second', '1 second', '2 hours']);
  });

  it('shows a dash for a time no calendar holds', () => {
    for (const at of [NaN, Infinity, 9e15]) expect(words.clock(at)).toBe('–');
  });

  it('remembers the texts of days and minutes without mixing any two up, in zones of every kind', () => {
    for (const timeZone of ['Asia/Kathmandu', 'Australia/Eucla', 'America/St_Johns', 'Pacific/Apia', 'UTC']) {
      const there = createWords('en', { timeZone });
      const clock = new Intl.DateTimeFormat('en-GB', {
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
        timeZone,
      });
      const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'short', timeZone });
      // Near each other, so that many share a stretch, and near the ends of days.
      const time = fc
        .tuple(fc.integer({ min: 730, max: 40_000 }), fc.integer({ min: -7_200_000, max: 7_200_000 }))
        .map(([days, more]) => days * 86_400_000 + more);
      fc.assert(
        fc.property(time, fc.integer({ min: -3_600_000, max: 3_600_000 }), (at, apart) => {
          expect(there.clock(at)).toBe(clock.format(at));
          expect(there.sameDay(at, at + apart)).toBe(day.format(at) === day.format(at + apart));
        }),
        { numRuns: 300 },
      );
    }
  });
});

describe('every code of the contract has words', () => {
  const one = (text: string): void => {
    expect(text.length).toBeGreaterThan(1);
    expect(text).not.toMatch(/[{}]|undefined|null/u);
  };
  it.each([
    ['English', words],
    ['pseudo', odd],
  ] as const)('%s', (_, each) => {
    for (const why of holdReasons)
      for (const about of [alice, { name: null }]) {
        one(each.stoppedCause(why, about));
        one(each.stoppedMeaning(why, about));
        one(each.stoppedSentence(make(pgp, checked, why), about) ?? '');
        expect(each.stoppedShort(make(pgp, checked, why), about)).not.toMatch(/\.$/u);
      }
    expect(each.stoppedSentence(make(pgp), alice)).toBeNull();
    for (const code of limitCodes)
      one(each.limitSentences({ kind: 'members-limited', limits: [code] }).join());
    one(each.limitSentences({ kind: 'unknown', missing: [...neededFacts, 'postQuantum'] }).join());
    for (const state of sendStates) for (const network of networks) one(each.sendState(state, network));
    for (const code of failureCodes) Object.values(each.failure(code)).forEach(one);
    for (const code of noteCodes)
      for (const about of [alice, { name: null }])
        Object.values(each.note(code, about)).forEach((text) => text === null || one(text));
    for (const code of flowFailures)
      for (const place of [
        null,
        'signal-link',
        'signal-chat',
        'signal-person',
        'nostr-add',
        'nostr-chat',
      ] as const)
        for (const of of [undefined, 'wss://relay.example'])
          Object.values(each.flowFailure(code, place, of)).forEach(one);
    for (const kind of errorKinds) Object.values(each.error(kind)).forEach(one);
    for (const kind of confirmKinds)
      Object.values(each.confirmQuestion({ kind, facts: { name: 'Alice' } })).forEach(one);
    for (const kind of codeKinds) one(each.codeName(kind));
    for (const name of detailNames) one(each.detailName(name));
    for (const feature of features) one(each.cannot(feature));
    for (const code of featureLimits) one(each.limit(code));
    for (const network of networks) one(each.networkName(network));
    for (const protocol of protocols) one(each.protocolName(protocol));
    for (const how of [
      'sealed-here',
      'opened-here',
      'told-by-own-device',
      'in-the-clear',
      'imported',
    ] as const)
      one(each.evidenceHow(how));
    for (const by of ['number', 'code', 'secure-join', 'own-device'] as const)
      one(each.trustSentence({ kind: 'checked', at: MARCH_3, by }));
    for (const why of [
      'unlinked',
      'expired',
      'password',
      'certificate',
      'captcha',
      'elsewhere',
      'clone-suspected',
      'disclosure',
    ] as const)
      one(each.statusSentence({ kind: 'needs-person', why }));
    one(each.statusSentence({ kind: 'online', lacks: 'number' }));
  });

  it('a failure says more where more is known', () => {
    expect(words.flowFailure('proof-failed').what).toMatch(/^The other side could not prove/);
    expect(words.flowFailure('no-key', 'signal-chat').what).toBe('Nobody was found with this.');
    expect(words.flowFailure('proof-failed', 'signal-link')).toEqual(words.flowFailure('proof-failed'));
  });

  it('the sentence of a code that came as data, and only of one', () => {
    expect(words.sayCode('disclosure.email.content')).toBe(
      'Sealed mail can be read only by its sender and receivers.',
    );
    for (const id of ['disclosure.title', 'label.members', 'toString', 'disclosure.x.y', ''])
      expect(words.sayCode(id)).toBeNull();
  });

  it('facts: what is not known says so', () => {
    const unknown = {
      endToEnd: 'unknown',
      otherKeyHolders: 'unknown',
      forwardSecrecy: 'unknown',
      recovery: 'unknown',
      postQuantum: 'unknown',
      authenticated: 'unknown',
      exposed: 'unknown',
      engine: 'unknown',
    } as const;
    const rows = words.factRows(unknown);
    expect(rows).toHaveLength(8);
    expect(rows.every((row) => row.value === 'Not known' && row.asOf === null)).toBe(true);
  });

  it('AT-06 one path without post-quantum keys is enough to lose the claim, and it is said which way', () => {
    const path = (postQuantum: SecurityFacts['postQuantum']): SecurityFacts => ({
      ...(cases[0] as (typeof cases)[number]).facts,
      postQuantum,
    });
    const is = (state: 'none' | 'handshake' | 'ongoing') => path({ is: state, asOf: MARCH_3, by: 'session' });
    const said = (...paths: readonly SecurityFacts[]) => words.postQuantumRow(paths).value;
    expect(said(is('ongoing'))).toBe('Covered, also while you write');
    expect(said(is('ongoing'), is('handshake'))).toBe('Covered at the start only');
    expect(said(is('handshake'), is('ongoing'), is('none'))).toBe('Not covered');
    // What no message proved is not taken over from one before.
    expect(said(is('ongoing'), path('unknown'))).toBe('Not known');
    expect(said()).toBe('Not known');
  });
});
