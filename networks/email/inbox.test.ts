import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MailServer } from '../../e2e/peers/mail/server.ts';
import { createCertificate } from '../../e2e/peers/certificate.ts';
import type { Certificate } from '../../crypto/openpgp/certificate.ts';
import { runFlow } from './test/lane-context.ts';
import { isMessage, isNote, openAgain, openMailServer, openPlainseal, type Plainseal } from './test/world.ts';
import { certificateOf, createWriter, letterOf, sealedMail, type Writer } from './test/writer.ts';

const ME = 'me@example.org';
let server: MailServer;
let me: Plainseal;
let writer: Writer;
let mine: Certificate;

beforeEach(async () => {
  server = await openMailServer();
  me = await openPlainseal(server, ME);
  writer = await createWriter('writer@example.org', 'Writer');
  mine = await certificateOf(me);
});

afterEach(async () => {
  await me?.stop();
  await server?.stop();
});

const deliver = async (text: string, from = writer) =>
  server.deliver(ME, await sealedMail(from, letterOf(from, ME, text), [mine]));
const plainMail = (from: string, subject: string, more = '') =>
  `From: <${from}>\r\nTo: <${ME}>\r\nSubject: ${subject}\r\nDate: Wed, 25 Nov 2026 08:00:00 +0000\r\nMessage-ID: <${subject.replaceAll(' ', '-')}@example.org>\r\n${more}Content-Type: text/plain\r\n\r\nbody of ${subject}\r\n`;
const texts = (): readonly string[] =>
  me.core.changes().flatMap((change) => (change.kind === 'message' ? [change.content.text] : []));
const settled = () => me.core.settled().filter(({ kind }) => kind !== 'cursor');
const cursor = () => me.core.settled().findLast((one) => one.kind === 'cursor' && one.name === 'INBOX');
const fetches = () =>
  server.record.commands().filter(({ text }) => text.startsWith('UID FETCH') && /BODY\.PEEK\[\]/.test(text));

describe('reading', () => {
  test('commits in order, at most 50 mails at a time, with the cursor in the same commit', async () => {
    await me.lane.stop();
    const wanted = Array.from({ length: 120 }, (_, at) => `message ${at}`);
    for (const text of wanted) await deliver(text);
    await me.lane.start(me.core.context);
    await me.core.waitUntil('all', () => texts().length === wanted.length);
    expect(texts()).toEqual(wanted);
    const batches = me.core.commits.map(
      ({ inbound }) => inbound.filter(({ kind }) => kind === 'consumed').length,
    );
    expect(Math.max(...batches)).toBe(50);
    for (const commit of me.core.commits) {
      if (!commit.inbound.some(({ kind }) => kind === 'consumed')) continue;
      expect(commit.inbound.at(-1)).toMatchObject({ kind: 'cursor', name: 'INBOX' });
      expect(commit.work.some(({ key }) => key.space === 'cursor')).toBe(true);
    }
    expect(cursor()).toMatchObject({ value: `${server.mailbox(ME).uidValidity}:120` });
    expect(me.core.statuses).toContainEqual({ kind: 'catching-up', left: 120 });
  });

  test('asks core for room before it fetches', async () => {
    await me.lane.stop();
    const asked: number[] = [];
    const context = { ...me.core.context, credit: async (bytes: number) => void asked.push(bytes) };
    await deliver('with credit');
    await me.lane.start(context);
    await me.core.waitFor('it', isMessage('with credit'));
    expect(asked).toEqual([server.mailbox(ME).mails[0]?.raw.length]);
  });

  test('goes on after the connection was lost', async () => {
    server.dropConnections();
    await deliver('after the drop');
    await me.core.waitFor('it', isMessage('after the drop'));
    expect(me.core.statuses.some(({ kind }) => kind === 'offline')).toBe(true);
  });

  test('goes on after the server was away', async () => {
    await server.goOffline();
    await me.core.waitUntil('offline', () => me.core.statuses.at(-1)?.kind === 'offline');
    await deliver('while away');
    await server.goOnline();
    await me.core.waitFor('it', isMessage('while away'));
    await me.core.waitUntil('online', () => me.core.statuses.at(-1)?.kind === 'online');
  });

  test.each([
    { kind: 'drop-command', command: 'UID FETCH', when: 'before-effect' },
    { kind: 'drop-command', command: 'UID SEARCH', when: 'after-effect' },
    { kind: 'refuse-command', command: 'UID FETCH', status: 'NO' },
    { kind: 'refuse-command', command: 'UID SEARCH', status: 'BAD' },
    { kind: 'refuse-command', command: 'EXAMINE', status: 'NO' },
    { kind: 'garbage', bytes: '* 1 FETCH (UID 1 FLAGS ()\r\n* BOGUS \x01\x02\r\n', command: 'UID FETCH' },
    { kind: 'oversized-literal', announced: 1_000_000_000, sent: 100 },
  ] as const)('survives $kind $command', async (fault) => {
    server.faults.arm(fault);
    if ('command' in fault && fault.command === 'EXAMINE') server.dropConnections();
    await deliver('in spite of it');
    await me.core.waitFor('it', isMessage('in spite of it'));
    expect(texts()).toEqual(['in spite of it']);
  });

  test('knows its mails again when the server numbers them anew', async () => {
    await deliver('first');
    await me.core.waitFor('first', isMessage('first'));
    const before = server.mailbox(ME).uidValidity;
    server.changeUidValidity(ME);
    await deliver('second');
    await me.core.waitFor('second', isMessage('second'));
    expect(texts()).toEqual(['first', 'second']);
    expect(server.mailbox(ME).uidValidity).not.toBe(before);
    expect(settled()).toContainEqual(expect.objectContaining({ kind: 'duplicate' }));
  });

  test('leaves mail alone that is older than the account, when everything is numbered anew', async () => {
    const hours = (ago: number) => ({ receivedAt: Date.now() - ago * 3_600_000 });
    server.deliver('early@example.org', plainMail('x@example.org', 'ancient'), hours(240));
    server.deliver('early@example.org', plainMail('x@example.org', 'of the last day'), hours(1));
    const early = await openPlainseal(server, 'early@example.org');
    try {
      const certificate = await certificateOf(early);
      server.changeUidValidity(early.address);
      server.deliver(
        early.address,
        await sealedMail(writer, letterOf(writer, early.address, 'new'), [certificate]),
      );
      await early.core.waitFor('new', isMessage('new'));
      const skipped = early.core.cells.get('count\u0000plain-skipped');
      expect(skipped?.value && Buffer.from(skipped.value).toString()).toBe('1');
    } finally {
      await early.stop();
    }
  });

  test('begins with what comes after the account was added', async () => {
    server.deliver('late@example.org', plainMail('x@example.org', 'old'));
    const late = await openPlainseal(server, 'late@example.org');
    try {
      const certificate = await certificateOf(late);
      server.deliver(
        late.address,
        await sealedMail(writer, letterOf(writer, late.address, 'fresh'), [certificate]),
      );
      await late.core.waitFor('fresh', isMessage('fresh'));
      expect(late.core.cells.get('count\u0000plain-skipped')).toBeUndefined();
    } finally {
      await late.stop();
    }
  });

  test('opens the INBOX for reading only and changes nothing in it', async () => {
    await deliver('untouched');
    await me.core.waitFor('it', isMessage('untouched'));
    expect(server.mailbox(ME).mails.map(({ flags }) => flags)).toEqual([[]]);
    const said = server.record.commands().map(({ text }) => text.split(' ')[0]);
    expect(said).toContain('EXAMINE');
    for (const verb of ['SELECT', 'STORE', 'EXPUNGE', 'APPEND', 'COPY', 'MOVE', 'CREATE'])
      expect(said).not.toContain(verb);
    expect(server.record.commands().some(({ text }) => /^UID (?:STORE|EXPUNGE|COPY|MOVE)/.test(text))).toBe(
      false,
    );
  });

  test('listens with IDLE at once', async () => {
    server.record.clear();
    await deliver('one');
    await me.core.waitFor('one', isMessage('one'));
    await server.record.waitForCommand({ address: ME, text: 'IDLE' }, 2_000);
  });

  test('polls where the server has no IDLE', async () => {
    const poor = await openMailServer({ withoutCapabilities: ['IDLE'] });
    const other = await openPlainseal(poor, ME);
    await other.stop();
    await poor.stop();
    expect(other.core.statuses.at(-1)).toEqual({ kind: 'stopped' });
  });
});

describe('commits that do not stand', () => {
  test('a conflict opens the same mails again', async () => {
    let conflicts = 2;
    me.core.intercept((commit) =>
      commit.inbound.length > 0 && conflicts-- > 0 ? { ok: false, why: 'conflict' } : null,
    );
    await deliver('after conflicts');
    await me.core.waitFor('it', isMessage('after conflicts'));
    expect(texts()).toEqual(['after conflicts']);
    expect(fetches()).toHaveLength(1);
  });

  test('a full disk stops reading, which starts over later', async () => {
    let full = true;
    me.core.intercept((commit) =>
      full && commit.inbound.length > 0 ? { ok: false, why: 'disk-full' } : null,
    );
    await deliver('after the disk was full');
    await me.core.waitUntil('refused', () =>
      me.core.logged.some(({ facts }) => facts['fault'] === 'disk-full'),
    );
    full = false;
    await me.core.waitFor('it', isMessage('after the disk was full'));
    expect(texts()).toEqual(['after the disk was full']);
  });

  test('endless conflicts are a fault and not a loop', async () => {
    let conflicts = 7;
    me.core.intercept((commit) =>
      commit.inbound.length > 0 && conflicts-- > 0 ? { ok: false, why: 'conflict' } : null,
    );
    await deliver('in the end');
    await me.core.waitFor('it', isMessage('in the end'));
    expect(me.core.logged).toContainEqual(
      expect.objectContaining({ facts: expect.objectContaining({ fault: 'conflict' }) }),
    );
  });

  test('one mail that cannot be taken in is set aside, the others stand', async () => {
    await me.lane.stop();
    const broken = {
      ...me.core.context,
      files: { ...me.core.context.files, write: () => Promise.reject(new Error('no file today')) },
    };
    await deliver('before');
    const body = {
      kind: 'files' as const,
      text: 'with a file',
      files: [{ name: 'a', type: 'text/plain', bytes: Buffer.from('a') }],
    };
    server.deliver(ME, await sealedMail(writer, letterOf(writer, ME, body), [mine]));
    await deliver('after');
    await me.lane.start(broken);
    await me.core.waitFor('after', isMessage('after'));
    expect(texts()).toEqual(['before', 'after']);
    expect(settled()).toContainEqual(expect.objectContaining({ kind: 'quarantined', why: 'fault' }));
    expect(me.core.changes().filter(isNote('not-opened'))).toHaveLength(1);
  });
});

describe('after a run that died', () => {
  test('one mail a commit, its marker first; what killed two runs is set aside unopened', async () => {
    await me.stop();
    const marked: string[] = [];
    const deadly = `${server.mailbox(ME).uidValidity}:2`;
    const careful = {
      ...me.core.context,
      careful: true,
      mark: async (envelope: string) => {
        marked.push(envelope);
        return envelope === deadly ? ('quarantine' as const) : ('open' as const);
      },
    };
    for (const text of ['one', 'two', 'three']) await deliver(text);
    await me.lane.start(careful);
    await me.core.waitFor('three', isMessage('three'));
    expect(texts()).toEqual(['one', 'three']);
    const envelopes = [1, 2, 3].map((uid) => `${server.mailbox(ME).uidValidity}:${uid}`);
    expect(marked).toEqual(envelopes.flatMap((envelope) => [`${envelope}/header`, envelope]));
    expect(settled()).toContainEqual(expect.objectContaining({ envelope: deadly, why: 'ended-the-program' }));
    for (const { inbound } of me.core.commits)
      expect(inbound.filter(({ kind }) => kind !== 'cursor').length).toBeLessThanOrEqual(1);
  });
});

describe('servers that cannot be trusted', () => {
  test('a certificate of somebody else is refused, and the person is told', async () => {
    server.present(await createCertificate());
    server.dropConnections();
    await me.core.waitUntil('told', () =>
      me.core.statuses.some((status) => status.kind === 'needs-person' && status.why === 'certificate'),
    );
  });

  test('a refused password is told once and not hammered', async () => {
    server.faults.arm({ kind: 'refuse-login', protocol: 'imap' }, { times: 'always' });
    server.dropConnections();
    await me.core.waitUntil('told', () =>
      me.core.statuses.some((status) => status.kind === 'needs-person' && status.why === 'password'),
    );
    expect(me.core.statuses.at(-1)?.kind).toBe('needs-person');
  });
});

describe('plain mail', () => {
  test('of strangers is not fetched, only counted', async () => {
    server.record.clear();
    server.deliver(ME, plainMail('news@example.com', 'buy this'));
    server.deliver(ME, plainMail('news@example.com', 'and that'));
    await me.core.waitUntil('counted', () =>
      me.core
        .settled()
        .some((one) => one.kind === 'cursor' && one.name === 'plain-mail-skipped' && one.value === '2'),
    );
    expect(Buffer.from(me.core.cells.get('count\u0000plain-skipped')?.value ?? '').toString()).toBe('2');
    expect(fetches()).toEqual([]);
    expect(me.core.changes()).toEqual([]);
  });

  // AT-03 asks for a stop as well; design.md does not: anybody can forge a sender, and would stop the chat.
  test('AT-03 of somebody we talk to end to end leaves a marked row with its subject, and is not fetched', async () => {
    await deliver('sealed');
    const sealed = await me.core.waitFor('sealed', isMessage('sealed'));
    const before = fetches().length;
    server.deliver(ME, plainMail(writer.address, 'in the open'));
    const note = await me.core.waitFor('the row', isNote('arrived-in-the-clear'));
    expect(note).toMatchObject({ conversation: sealed.target.conversation, quoted: 'in the open' });
    expect(fetches()).toHaveLength(before);
    expect(me.core.cells.get('count\u0000plain-skipped')).toBeUndefined();
    server.changeUidValidity(ME);
    await deliver('later');
    await me.core.waitFor('later', isMessage('later'));
    const keys = me.core
      .changes()
      .filter(isNote('arrived-in-the-clear'))
      .map(({ key }) => key);
    expect(new Set(keys).size).toBe(1);
  });

  test('is shown in a conversation the person opened that way, under its true label', async () => {
    const { steps } = await runFlow(
      me.lane,
      { kind: 'chat', address: ' Friend@Example.com ' },
      me.core.context,
    );
    expect(steps).toEqual([
      { kind: 'done', conversation: 'account|email|friend@example.com', peer: 'email|friend@example.com' },
    ]);
    expect(me.core.commits.at(-1)).toMatchObject({
      changes: [
        { kind: 'peer', address: 'friend@example.com' },
        { kind: 'conversation', patch: { protocol: 'none', state: 'active' } },
      ],
      forecasts: [
        {
          hold: null,
          facts: [
            {
              endToEnd: { is: false },
              otherKeyHolders: { is: [{ name: 'example.org' }, { name: 'example.com' }] },
            },
          ],
        },
      ],
    });
    server.deliver(ME, plainMail('friend@example.com', 'hi'));
    const message = await me.core.waitFor('it', isMessage('hi\n\nbody of hi'));
    expect(message).toMatchObject({
      author: 'email|friend@example.com',
      evidence: { how: 'in-the-clear', from: 'friend@example.com', facts: [{ endToEnd: { is: false } }] },
    });
    server.deliver(ME, plainMail('friend@example.com', 'hi'));
    await me.core.waitUntil('the copy settled', () => settled().some(({ kind }) => kind === 'duplicate'));
  });

  test('is sent in a conversation the person opened that way', async () => {
    await runFlow(me.lane, { kind: 'chat', address: 'friend@gmail.com' }, me.core.context);
    const conversation = 'account|email|friend@gmail.com' as never;
    const file = me.core.addFile({ name: 'a b.txt', type: 'text/plain' }, Buffer.from('file'));
    const what = {
      kind: 'content' as const,
      key: 'plain-1@localhost' as never,
      content: { text: 'Hallö', ranges: [], files: [file], quote: 'q@example.org' as never },
    };
    const { id } = me.core.enqueue({ conversation, sentAt: Date.now(), what });
    await me.core.waitUntil('sent', () => me.core.item(id).state === 'sent');
    const mail = await server.record.waitForMail({ to: 'friend@gmail.com' });
    const text = mail.raw.toString();
    expect(text).toContain('In-Reply-To: <q@example.org>');
    expect(text).toContain('Autocrypt: addr=me@example.org');
    expect(text).toContain(Buffer.from('Hallö').toString('base64'));
    expect(me.core.steps().find((step) => step.item === id)).toMatchObject({
      evidence: {
        how: 'in-the-clear',
        facts: [{ otherKeyHolders: { is: [{ name: 'example.org' }, { name: 'Gmail' }] } }],
      },
    });
    for (const kind of ['reaction', 'edit', 'delete'] as const) {
      const target = 'q@example.org' as never;
      const more = { target, emoji: [], content: { text: '', ranges: [], files: [] } };
      const item = me.core.enqueue({
        conversation,
        sentAt: Date.now(),
        what: { kind, key: `${kind}@localhost` as never, ...more },
      });
      await me.core.waitUntil('failed', () => me.core.item(item.id).state === 'failed');
    }
    const receipt = me.core.enqueue({
      conversation,
      sentAt: Date.now(),
      what: { kind: 'receipt', key: 'r@localhost' as never, of: [], as: 'read', tell: true },
    });
    await me.core.waitUntil('void', () => me.core.item(receipt.id).state === 'cancelled');
  });

  test('that offers a key lets a conversation by address begin with it', async () => {
    const other = await createWriter('other@example.com');
    const autocrypt = (await import('./test/writer.ts')).autocryptOf(other);
    server.deliver(ME, plainMail('other@example.com', 'with a key', `${autocrypt[0]}: ${autocrypt[1]}\r\n`));
    await me.core.waitUntil('counted', () => me.core.cells.has('count\u0000plain-skipped'));
    const { steps } = await runFlow(me.lane, { kind: 'chat', address: 'other@example.com' }, me.core.context);
    expect(steps).toEqual([
      {
        kind: 'done',
        conversation: `account|email|${other.key.certificate.fingerprint}`,
        peer: `email|${other.key.certificate.fingerprint}`,
      },
    ]);
    expect(me.core.commits.at(-1)?.forecasts).toMatchObject([
      { hold: null, facts: [{ endToEnd: { is: true } }] },
    ]);
  });

  test('AT-11 cannot take a known address away with another key', async () => {
    await deliver('known');
    await me.core.waitFor('known', isMessage('known'));
    const thief = await createWriter(writer.address);
    const autocrypt = (await import('./test/writer.ts')).autocryptOf(thief);
    server.deliver(ME, plainMail(writer.address, 'new key', `${autocrypt[0]}: ${autocrypt[1]}\r\n`));
    await me.core.waitFor('the row', isNote('arrived-in-the-clear'));
    const { steps } = await runFlow(me.lane, { kind: 'chat', address: writer.address }, me.core.context);
    expect(steps.at(-1)).toMatchObject({ kind: 'done', peer: `email|${writer.key.certificate.fingerprint}` });
    expect(me.core.changes().some((change) => change.kind === 'identity')).toBe(false);
  });
});

test('compares keys while it runs, and gives its own away only under a passphrase', async () => {
  await deliver('hello');
  await me.core.waitFor('hello', isMessage('hello'));
  const peer = `email|${writer.key.certificate.fingerprint}` as never;
  const { steps } = await runFlow(me.lane, { kind: 'check', peer }, me.core.context, [{ kind: 'yes' }]);
  expect(steps.at(-1)).toMatchObject({ kind: 'done' });
});

test('stops and starts over the same state', async () => {
  await deliver('before');
  await me.core.waitFor('before', isMessage('before'));
  await me.lane.stop();
  await deliver('meanwhile');
  const again = await openAgain(ME, me.core);
  await me.core.waitFor('meanwhile', isMessage('meanwhile'));
  expect(texts()).toEqual(['before', 'meanwhile']);
  await again.lane.stop();
  await again.lane.stop();
  expect(me.core.statuses.at(-1)).toEqual({ kind: 'stopped' });
  expect(again.lane.hint({ kind: 'typing', conversation: 'c' as never, on: true })).toBeUndefined();
});
