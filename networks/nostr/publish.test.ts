import { expect, test } from 'vitest';
import { signEvent, type EventId } from './event.ts';
import { owedFanouts, startFanout } from './fanout.ts';
import { giftWrap } from './gift-wrap.ts';
import { freshSecretKey, publicKeyOf } from './keys.ts';
import { publish, type Published } from './publish.ts';
import type { RelayUrl } from './relay-url.ts';
import type { RelayOutcome, RelayPool } from './relays/pool.ts';
import type { Running } from './running.ts';
import { startTrial } from './test/trial.ts';

const to = publicKeyOf(freshSecretKey());
const draft = { created_at: 1, kind: 444, tags: [], content: '' };

const blocked: RelayOutcome = { kind: 'refused', code: 'blocked' };
const large: RelayOutcome = { kind: 'too-large', most: 1 };
const barred: RelayOutcome = { kind: 'offline', fault: 'no-tls' };
const offline: RelayOutcome = { kind: 'offline', fault: 'unreachable' };

/** Relays that answer so. */
function answering(outcomes: readonly RelayOutcome[]): RelayPool['publish'] {
  const accepted = outcomes.some(({ kind }) => kind === 'accepted');
  const all = outcomes.map((outcome, at) => [`wss://r${at}.example` as RelayUrl, outcome] as const);
  return () => ({
    first: Promise.resolve(accepted ? 'accepted' : 'nowhere'),
    outcomes: Promise.resolve(new Map(all)),
  });
}

async function published(running: Running, outcomes: readonly RelayOutcome[]): Promise<Published> {
  const event = giftWrap(running.self.secret, to, draft, Date.now());
  const text = JSON.stringify(['EVENT', event]);
  const pool = { ...running.pool, publish: answering(outcomes) };
  const operation = { kind: 'gift-wrap', account: running.self.key, to, text } as const;
  return publish({ ...running, pool }, operation, event.id, []);
}

test.each<readonly [readonly RelayOutcome[], Published]>([
  [[blocked, { kind: 'accepted' }], 'accepted'],
  [[blocked, large], 'refused'],
  [[large, large], 'too-large'],
  [[blocked, offline], 'later'],
  [[blocked, { kind: 'ambiguous' }], 'later'],
  [[blocked, { kind: 'refused', code: 'rate-limited' }], 'later'],
  [[], 'later'],
  // A relay that is never connected to says nothing; the others decide.
  [[blocked, barred], 'refused'],
  [[large, { kind: 'offline', fault: 'inner-network' }], 'too-large'],
  [[blocked, barred, offline], 'later'],
  [[{ kind: 'ambiguous' }, { kind: 'offline', fault: 'environment' }], 'later'],
  [[barred], 'later'],
])('%j comes to %s', async (outcomes, verdict) => {
  const { running } = await startTrial();
  expect(await published(running, outcomes)).toBe(verdict);
});

test('what the guard lets nowhere is not tried again', async () => {
  const { running, state } = await startTrial();
  const event = signEvent({ ...draft, content: 'in the clear' }, freshSecretKey());
  const operation = {
    kind: 'group-message',
    account: running.self.key,
    group: 'ab'.repeat(32),
    text: JSON.stringify(['EVENT', event]),
  } as const;
  const other = 'cd'.repeat(32) as EventId;
  const work = state.work();
  const fanout = { id: event.id, operation, left: ['wss://a.example' as RelayUrl], madeAt: Date.now() };
  await startFanout(work, fanout);
  await startFanout(work, { ...fanout, id: other });
  state.commit(work);
  const pool = {
    ...running.pool,
    publish: () => {
      throw new Error('something went out');
    },
  };
  expect(await publish({ ...running, pool }, operation, event.id, fanout.left)).toBe('guarded');
  expect((await owedFanouts(state.work(), Date.now())).pending.map(({ id }) => id)).toEqual([other]);
});
