import { expect, test } from 'vitest';
import type { CommitResult } from '../../shared/lane/commit.ts';
import type { FlowAnswer, FlowStep } from '../../shared/lane/flow.ts';
import { chat, check } from './flows.ts';
import { groupOf } from './group/record.ts';
import { inviteLink } from './invite.ts';
import { npub } from './key-code.ts';
import { conversationWith, peerOf } from './names.ts';
import { receive } from './receive.ts';
import { invitation } from './test/invitation.ts';
import { RELAY, startTrial, type Trial } from './test/trial.ts';

async function stepsOf(flow: AsyncGenerator<FlowStep, null, undefined>): Promise<readonly FlowStep[]> {
  const steps: FlowStep[] = [];
  for await (const step of flow) steps.push(step);
  return steps;
}

test('an invitation is followed, and nothing is done that was not stored', async () => {
  let trouble: CommitResult | null = null;
  const mine = await startTrial(({ commit }) => ({
    commit: async (made) => trouble ?? commit(made),
  }));
  const { running, state } = mine;
  const theirs = await startTrial();
  const { key } = theirs.running.self;
  const wrap = await invitation(theirs, running);
  await receive(running, [{ kind: 'wrap', event: wrap, relay: RELAY }], () => undefined);
  const conversation = conversationWith(running.context.account, key);

  trouble = { ok: false, why: 'disk-full' };
  expect(await stepsOf(chat(running, npub(key)))).toEqual([
    { kind: 'progress', stage: 'asking' },
    { kind: 'failed', why: 'internal' },
  ]);
  expect(await groupOf(state.work(), conversation)).toBeNull();

  trouble = null;
  expect(await stepsOf(chat(running, npub(key)))).toEqual([
    { kind: 'progress', stage: 'asking' },
    { kind: 'done', conversation, peer: peerOf(key) },
  ]);
  expect(await groupOf(state.work(), conversation)).not.toBeNull();
});

test('a key is compared by its code; AT-09 that of somebody else checks nobody', async () => {
  const commits: unknown[] = [];
  const { running } = await startTrial(({ commit }) => ({
    commit: async (made) => {
      commits.push(...made.changes);
      return commit(made);
    },
  }));
  const [{ key }, { key: stranger }] = [(await startTrial()).running.self, (await startTrial()).running.self];
  const scans = async (text: string, then: FlowAnswer | undefined): Promise<FlowStep | null> => {
    const steps = check(running, peerOf(key));
    expect((await steps.next()).value).toMatchObject({
      kind: 'compare',
      values: [
        { of: 'theirs', number: npub(key) },
        { of: 'own', number: npub(running.self.key) },
      ],
    });
    let { value } = await steps.next({ kind: 'code', code: Buffer.from(text) });
    if (value?.kind === 'compare' && value.matched) ({ value } = await steps.next(then));
    await steps.return(null);
    return value;
  };
  const failed = (why: string) => ({ kind: 'failed', why });
  expect(await scans(npub(stranger), { kind: 'yes' })).toEqual(failed('code-differs'));
  expect(await scans(npub(running.self.key), { kind: 'yes' })).toEqual(failed('code-own'));
  expect(await scans('OPENPGP4FPR:ABCD', { kind: 'yes' })).toEqual(failed('code-of-another-kind'));
  expect(await scans(npub(key), undefined)).toEqual(failed('cancelled'));
  expect(commits).toEqual([]);
  expect(await scans(inviteLink(key, []), { kind: 'yes' })).toMatchObject({ kind: 'done' });
  expect(commits).toMatchObject([
    { kind: 'identity', now: npub(key), trust: { kind: 'checked', by: 'code' } },
  ]);
});

test('AT-09 of somebody between the two: digits, words and code differ on both screens, and no code fits', async () => {
  const [alice, bob, between] = [await startTrial(), await startTrial(), await startTrial()];
  // Each was handed the key of whoever stands between, as the other's.
  const { key } = between.running.self;
  const compared = async (of: Trial, answer: FlowAnswer): Promise<readonly FlowStep[]> => {
    const steps = check(of.running, peerOf(key));
    const first = await steps.next();
    const { value } = await steps.next(answer);
    await steps.return(null);
    return [first.value, value].flatMap((step) => step ?? []);
  };
  const seen = [];
  for (const of of [alice, bob]) {
    const [shown, said] = await compared(of, { kind: 'no' });
    if (shown?.kind !== 'compare') throw new Error('nothing to compare');
    expect(said).toEqual({ kind: 'failed', why: 'numbers-differ' });
    seen.push(shown);
  }
  const [hers, his] = seen;
  if (!hers || !his) throw new Error('two screens');
  for (const part of ['number', 'words'] as const) {
    expect(hers.values[0][part]).not.toEqual(his.values[1]?.[part]);
    expect(his.values[0][part]).not.toEqual(hers.values[1]?.[part]);
  }
  for (const [of, other] of [
    [alice, his],
    [bob, hers],
  ] as const) {
    const scanned = await compared(of, { kind: 'code', code: other.code ?? new Uint8Array() });
    expect(scanned.at(-1)).toEqual({ kind: 'failed', why: 'code-differs' });
    expect(of.commits.flatMap(({ changes }) => changes)).toEqual([]);
  }
});
