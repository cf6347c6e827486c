import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { defaultLimits } from '../../../e2e/peers/nostr/limits.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import { MAX_GROUP_PEERS } from '../../../shared/lane/intent.ts';
import type { RelayUrl } from '../relay-url.ts';
import { openMember, type Member } from '../test/company.ts';
import { transact } from '../turn.ts';
import { foundGroup } from './found.ts';
import type { Found } from './invitees.ts';
import { passesRelays, sendWelcomes } from './welcomes.ts';

const RELAYS = [1, 2, 3, 4].map((n) => `wss://relay-${n}.a-long-name.example` as RelayUrl);
/** As many bytes as a name may have. */
const LONGEST_TITLE = 'x'.repeat(256);

async function found(alice: Member, members: readonly Found[]) {
  const conversation = 'made' as ConversationId;
  const { value } = await transact(alice.running, (turn) =>
    foundGroup(turn, { conversation, direct: null, title: LONGEST_TITLE, members }),
  );
  if (value.kind === 'failed') throw new Error(value.failure);
  return value.group;
}

test('an invitation passes as long as the finished event is no longer than common relays take', async () => {
  const [alice, bob] = [await openMember(), await openMember()];
  const to = [await bob.offer()];
  const group = await found(alice, to);
  await alice.sent();
  const passed: number[] = [];
  for (const bytes of [18_000, 20_000, 21_000, 21_500, 24_500, 30_000, 60_000]) {
    const message = randomBytes(bytes);
    const { value: passes } = await transact(alice.running, async (turn) => {
      const fits = passesRelays(turn, RELAYS, message, to);
      if (fits) await sendWelcomes(turn, group, RELAYS, { message, to });
      return fits;
    });
    if (passes) passed.push(bytes);
  }
  expect(passed).toEqual([18_000, 20_000, 21_000]);
  for (const event of await alice.sent())
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(defaultLimits.maxEventBytes);
});

test('of as many as a group may have, all with keys renewed, the last is invited yet', async () => {
  const alice = await openMember(undefined, RELAYS);
  const { engine } = alice.running;
  const first = await openMember();
  const group = await found(alice, [await first.offer()]);
  const now = Date.now();
  for (let size = 2; ; size += 1) {
    const one = await openMember();
    const offer = await one.offer();
    const work = alice.state.work();
    const added = await engine.stage(group, [{ kind: 'add', keyPackage: offer.keyPackage }], work, now);
    if (added.kind === 'refused' || added.welcome === null) throw new Error('not staged');
    const { welcome } = added;
    if (size + 1 === MAX_GROUP_PEERS) {
      const passes = await transact(alice.running, async (turn) =>
        passesRelays(turn, RELAYS, welcome, [offer]),
      );
      expect(passes.value).toBe(true);
      return;
    }
    await engine.applyPending(group, added.digest, work, now);
    const theirs = one.state.work();
    await one.running.engine.join(welcome, theirs, now);
    const renewed = await one.running.engine.stage(group, [], theirs, now);
    if (renewed.kind === 'refused') throw new Error(renewed.why);
    expect((await engine.process(renewed.commit, work, now)).kind).toBe('commit');
    alice.state.commit(work);
  }
}, 60_000);
