import { createAuthority, createRawParty, type RawParty } from '../../crypto/signal/test/raw-party.ts';
import type { LaneStatus } from '../../shared/lane/lane.ts';
import type { Page } from '../crash/page.ts';
import { linkDevice, type SignalDevice } from './signal-device.ts';
import { median, show } from './result.ts';

/*
 * Drain: how fast messages that came while we were away become rows that can be searched (the shape of Signal Desktop's "startup"
 * benchmark: half of them sealed, from ten people). The mock server runs in a process of its own, core and lane in theirs, on the
 * same machine. The clock starts when the lane says that it is connected and ends when the page is told of the last one; then a search finds each. The reference is
 * libsignal alone in the same run: the same mix opened with stores in memory, nothing written, no server.
 */

const SIZES = (process.env['BENCH_MESSAGES'] ?? '1000,5000').split(',').map(Number);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const PEOPLE = 10;
const HOUR_MS = 60 * 60_000;
const DEADLINE_MS = 300_000;

/** When the page first sees that the lane is connected: at once, if it is already. */
async function connectedAt(page: Page): Promise<number> {
  const isConnected = (status: LaneStatus): boolean => ['catching-up', 'online'].includes(status.kind);
  const told = page.next('lane', ({ status }) => isConnected(status)).then(() => performance.now());
  const { rows } = await page.call('account.list', {});
  return rows.some(({ status }) => isConnected(status)) ? performance.now() : told;
}

async function drain(device: SignalDevice, count: number, before: number): Promise<number> {
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
    const found = async (at: number): Promise<boolean> =>
      (await page.call('search', { text: nameOf(at), in: null, before: null, limit: 5 })).rows.length === 1;
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
        resolve(performance.now());
      };
      page.hear('changed', () => void look().catch(reject));
      void look().catch(reject);
    });
    const startedAt = await connected;
    const took = (await endedAt) - startedAt;
    for (let at = 0; at < count; at += 1)
      if (!(await found(at))) throw new Error(`message ${at} is not there once`);
    return took;
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
    const rates = { ours: [] as number[], raw: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.ours.push((size / (await drain(device, size, unread))) * 1_000);
      unread += size;
      rates.raw.push((size / (await raw(size))) * 1_000);
    }
    show({
      name: `signal: drain, ${size} messages`,
      unit: 'messages/s',
      ours: median(rates.ours),
      reference: { name: 'libsignal alone, in memory', value: median(rates.raw) },
      runs: ROUNDS,
    });
  }
} finally {
  await device.close();
}
