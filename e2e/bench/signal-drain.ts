import { createAuthority, createRawParty, type RawParty } from '../../crypto/signal/test/raw-party.ts';
import type { MessageId } from '../../shared/ids.ts';
import type { LaneStatus } from '../../shared/lane/lane.ts';
import type { Page } from '../crash/page.ts';
import { linkDevice, type SignalDevice } from './signal-device.ts';
import { median, show } from './result.ts';

/*
 * Drain: how fast messages that came while we were away become rows that can be searched (the shape of Signal Desktop's "startup"
 * benchmark: half of them sealed, from ten people). The mock server runs in a process of its own, core and lane in theirs, on the
 * same machine. The clock starts when the lane says that it is connected. It is read twice: at core's time of the last row, which is flushed
 * with its turn, and when the page, told at most twenty times a second, has seen the last one. Then a search finds each. The reference is
 * libsignal alone in the same run: the same mix opened with stores in memory, nothing written, no server.
 */

const SIZES = (process.env['BENCH_MESSAGES'] ?? '1000,5000').split(',').map(Number);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const PEOPLE = 10;
/** Rows asked for at once. */
const PAGE = 100;
const HOUR_MS = 60 * 60_000;
const DEADLINE_MS = 300_000;

/** When the page first sees that the lane is connected: at once, if it is already. */
async function connectedAt(page: Page): Promise<number> {
  const isConnected = (status: LaneStatus): boolean => ['catching-up', 'online'].includes(status.kind);
  const told = page.next('lane', ({ status }) => isConnected(status)).then(() => Date.now());
  const { rows } = await page.call('account.list', {});
  return rows.some(({ status }) => isConnected(status)) ? Date.now() : told;
}

/** How long it took, ms. */
interface Took {
  readonly written: number;
  readonly shown: number;
}

async function drain(device: SignalDevice, count: number, before: number): Promise<Took> {
  const { server, people, linked } = device;
  const word = `w${crypto.randomUUID().slice(0, 8)}`;
  const accounts = people.map(({ id }) => id);
  // No two messages of one person have the same time, which names them.
  const from = Date.now() - HOUR_MS - 10 * before;
  await server.call('queueTexts', { accounts, device: linked.id, count, sealed: true, from, word });
  const shell = await device.open();
  try {
    const { page } = shell;
    const connected = connectedAt(page);
    const nameOf = (at: number): string => `${word}x${String(at).padStart(6, '0')}`;
    const find = async (at: number): Promise<MessageId> => {
      const { rows } = await page.call('search', { text: nameOf(at), in: null, before: null, limit: 5 });
      const [row, another] = rows;
      if (!row || another) throw new Error(`message ${at} is not there once`);
      return row.id;
    };
    const endedAt = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the last message never came')), DEADLINE_MS);
      // The server hands a queue over in no strict order: the last one is the one that makes them complete.
      let looking = false;
      let again = false;
      const look = async (): Promise<void> => {
        again = looking;
        if (looking) return;
        looking = true;
        const { rows } = await page.call('inbox.page', { filter: 'all', before: null, limit: 200 });
        looking = false;
        const came = rows.reduce((sum, { unread }) => sum + unread, 0) - before;
        if (came < count) return again ? look() : undefined;
        clearTimeout(timer);
        resolve(Date.now());
      };
      page.hear('changed', () => void look().catch(reject));
      void look().catch(reject);
    });
    const startedAt = await connected;
    const shown = (await endedAt) - startedAt;
    let lastAt = 0;
    for (let at = 0; at < count; at += PAGE) {
      const ids: MessageId[] = [];
      for (let one = at; one < Math.min(count, at + PAGE); one += 1) ids.push(await find(one));
      const { rows } = await page.call('message.rows', { ids });
      for (const row of rows) lastAt = Math.max(lastAt, row.kind === 'message' ? row.receivedAt : 0);
    }
    return { written: lastAt - startedAt, shown };
  } finally {
    await shell.close();
  }
}

/** libsignal alone: opens as many, every other one sealed. Gives ms. */
async function raw(count: number): Promise<number> {
  const [alice, bob] = [createRawParty(), createRawParty()];
  const content = new TextEncoder().encode('x'.repeat(80));
  const key = (of: RawParty): Uint8Array => of.identity.publicKey.serialize();
  const certificate = createAuthority().certify({ ...alice, key: alice.identity.publicKey });
  const { signedPreKey, pqPreKey, preKey } = await bob.bundle();
  const upload = {
    signedPreKey,
    pqLastResortPreKey: pqPreKey,
    preKeys: preKey ? [preKey] : [],
    pqPreKeys: [pqPreKey],
  };
  await alice.meet({ ...bob, key: key(bob) }, upload, 0);
  // A round trip, after which messages are no first messages any more.
  const first = await alice.write(content, bob);
  await bob.read({ type: first.type, bytes: first.content }, alice);
  const answer = await bob.write(content, alice);
  await alice.read({ type: answer.type, bytes: answer.content }, bob);
  const envelopes = [];
  for (let n = 0; n < count; n += 1)
    envelopes.push(
      n % 2 === 0
        ? await alice.writeSealed(content, { ...bob, key: key(bob) }, certificate)
        : await alice.write(content, bob),
    );
  const startedAt = performance.now();
  for (const { type, content: bytes } of envelopes) {
    const inner = type === 'sealed' ? (await bob.unwrap(bytes)).contents() : bytes;
    await bob.read({ type: 'double-ratchet', bytes: inner }, alice);
  }
  return performance.now() - startedAt;
}

const device = await linkDevice(PEOPLE);
try {
  show({ name: 'signal: link, scan to account', unit: 'ms', ours: device.linkMs, reference: null, runs: 1 });
  let unread = PEOPLE;
  for (const size of SIZES) {
    const rates = { written: [] as number[], shown: [] as number[], raw: [] as number[] };
    const rate = (ms: number): number => (size / ms) * 1_000;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { written, shown } = await drain(device, size, unread);
      rates.written.push(rate(written));
      rates.shown.push(rate(shown));
      unread += size;
      rates.raw.push(rate(await raw(size)));
    }
    show({
      name: `signal: drain, ${size} messages`,
      unit: 'messages/s',
      ours: median(rates.written),
      reference: { name: 'libsignal alone, in memory', value: median(rates.raw) },
      runs: ROUNDS,
    });
    show({
      name: `signal: drain, ${size} messages, until shown`,
      unit: 'messages/s',
      ours: median(rates.shown),
      reference: null,
      runs: ROUNDS,
    });
  }
} finally {
  await device.close();
}
