import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeFrame } from '../../../shared/wire/codec.ts';
import type { SecurityFacts } from '../../../shared/label/facts.ts';
import { NO_FLOOR } from '../../../shared/label/floor.ts';
import { textOnly } from '../../../shared/contract/content.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import type { ConfirmKind } from '../../../shared/shell/host.ts';
import { floorFor, setFloorFor, setFloorForAll } from '../../../storage/floors.ts';
import { trustOf } from '../../../storage/peers.ts';
import { pageCalls } from '../../sample/page-calls.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { ALICE, clearFacts, goodFacts, messageFrom, sealedFor } from '../../sample/scene.ts';
import { ACCOUNT, CHAT, openScripted } from '../../sample/scripted.ts';

// The page is taken over: it calls whatever it likes. The person sits before the shell's own window and says no to all of it.

const SECRET = 'SECRET-KEY-OF-MINE';
let rig: Rig;
let lane: Awaited<ReturnType<typeof openScripted>>['lane'];
const ids: string[] = [];
/** What a network may offer: well, in the clear, and end to end with somebody else who holds a key, which the floor is above. */
const offers = [
  goodFacts,
  () => clearFacts(Date.now()),
  () => ({ ...goodFacts(), otherKeyHolders: clearFacts(Date.now()).otherKeyHolders }),
] as const satisfies readonly (() => SecurityFacts)[];
/** What the network offers at the moment. */
let offered: SecurityFacts = goodFacts();
const sealed: SecurityFacts[] = [];

beforeAll(async () => {
  const opened = await openScripted({
    exportKey: () => Promise.resolve({ name: 'key.asc', bytes: new TextEncoder().encode(SECRET) }),
    writtenKey: () => Promise.resolve(SECRET),
    perform: async (item) => {
      const facts = offered;
      const { conversation } = item.intent;
      if (!conversation || item.state !== 'queued') return { kind: 'done' };
      const result = await lane.context().commit({
        ...emptyCommit,
        forecasts: [{ conversation, facts: [facts], hold: null }],
        outbound: [{ item: item.id, to: 'sealed', evidence: sealedFor(ALICE, facts) }],
      });
      if (!result.ok) return { kind: 'done' };
      sealed.push(facts);
      await lane.context().commit({ ...emptyCommit, outbound: [{ item: item.id, to: 'sent' }] });
      return { kind: 'done' };
    },
  });
  ({ rig, lane } = opened);
  for (let n = 0; n < 5; n += 1)
    await lane
      .context()
      .commit({ ...emptyCommit, changes: [messageFrom(ALICE, CHAT, `key ${n}`, `text ${n}`)] });
  const { rows } = await rig.page.call('message.page', {
    conversation: CHAT,
    around: 'end',
    side: 'around',
    limit: 9,
  });
  ids.push(...rows.map((row) => row.id));
  rig.shell.answer = () => ({ ok: false, secret: SECRET });
});
afterAll(() => rig.close());

/** Sends under whatever label there is, and says of what is held that it may go. */
async function sendAsWell(): Promise<void> {
  const { call } = rig.page;
  const seen = async () => {
    const { labelRevision } = await call('conversation.get', { conversation: CHAT });
    return { request: request(), conversation: CHAT, seenLabel: labelRevision };
  };
  await call('message.send', { ...(await seen()), content: textOnly('hello') }).catch(() => undefined);
  for (const choice of ['send', 'accept-change', 'discard'] as const)
    await call('hold.resolve', { ...(await seen()), choice }).catch(() => undefined);
}

/** Everything of an answer or an event, as bytes on the page's pipe. */
const holds = (value: unknown): boolean => Buffer.from(encodeFrame(value)).includes(SECRET);

test('AT-08 a page that is taken over sends nothing openly, marks nobody as checked, reads no key and lowers no floor', async () => {
  let answers = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(pageCalls(ids), { minLength: 1, maxLength: 12, size: 'max' }),
      fc.constantFrom(...offers),
      async (list, offer) => {
        offered = offer();
        // As the person had them: what the page raised before is lowered by them.
        setFloorForAll(rig.db, NO_FLOOR);
        setFloorFor(rig.db, ALICE, 'members-limited');
        await lane
          .context()
          .commit({ ...emptyCommit, forecasts: [{ conversation: CHAT, facts: [offered], hold: null }] });
        const results = await Promise.allSettled(
          list.map(({ name, args }) =>
            (rig.page.call as (n: string, a: unknown) => Promise<unknown>)(name, args),
          ),
        );
        await sendAsWell();
        for (const result of results)
          if (result.status === 'fulfilled') {
            answers += 1;
            expect(holds(result.value)).toBe(false);
          } else expect(String(result.reason)).not.toContain(SECRET);
        for (const { endToEnd, otherKeyHolders } of sealed) {
          expect(endToEnd).toMatchObject({ is: true });
          expect(otherKeyHolders).toMatchObject({ is: [] });
        }
        expect(trustOf(rig.db, ACCOUNT, ALICE).kind).not.toBe('checked');
        expect(['members-limited', 'members']).toContain(floorFor(rig.db, ALICE));
      },
    ),
    { numRuns: 200 },
  );
  for (const { payload } of rig.page.heard) expect(holds(payload)).toBe(false);
  // It got far: most was answered, and messages went out, under good facts.
  expect(answers).toBeGreaterThan(200);
  expect(sealed.length).toBeGreaterThan(20);
});

test('AT-08 each act that only the shell’s window allows is asked there, and refused with its no', async () => {
  const { call } = rig.page;
  const all = { account: ACCOUNT, peer: ALICE };
  const acts = {
    'mark-checked': () => call('trust.set', { request: request(), ...all }),
    'export-key': () => call('key.export', { request: request(), account: ACCOUNT }),
    'reveal-key': () => call('key.reveal', { request: request(), account: ACCOUNT }),
    'import-key': () => call('key.import', { request: request(), account: ACCOUNT }),
    'lower-floor': () => call('floor.set', { request: request(), peer: ALICE, floor: 'unknown' }),
    'remove-account': () => call('account.remove', { request: request(), account: ACCOUNT }),
  } as const satisfies Partial<Record<ConfirmKind, () => Promise<unknown>>>;
  for (const [kind, act] of Object.entries(acts)) {
    await expect(act(), kind).rejects.toThrow(expect.objectContaining({ kind: 'refused' }) as Error);
    expect(rig.shell.asked.at(-1)?.kind).toBe(kind);
  }
});
