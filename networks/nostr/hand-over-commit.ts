import type { GroupKey } from '../../crypto/mls/cells.ts';
import { assertNever } from '../../shared/assert.ts';
import type { FailureCode, OutboxItem } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import type { SignedEvent } from './event.ts';
import { groupOperation } from './fanout.ts';
import { sayGivenUp } from './group/invite-later.ts';
import { readRecord } from './group/record.ts';
import { allStaged, readStaged, writeStaged } from './group/staged.ts';
import { taken } from './group/stage.ts';
import { afterCommit, atOnce, fail, finish, later } from './outcome.ts';
import { eventOf } from './perform-message.ts';
import { publish } from './publish.ts';
import { takeWaiting } from './receive.ts';
import type { Running } from './running.ts';
import { transact } from './turn.ts';

/** Publishes the commit of an item; once a relay has it, it is a branch. Null when it is no open one any more. */
export async function handOverCommit(
  running: Running,
  item: OutboxItem,
  group: GroupKey,
  event: SignedEvent,
  signal: AbortSignal,
): Promise<Performed | null> {
  const { value } = await transact(running, async ({ work }) => {
    const staged = (await allStaged(work, group)).find(
      ([, one]) => one.item === item.id && one.state === 'open',
    );
    const record = await readRecord(work, group);
    return staged && record ? { digest: staged[0], record } : null;
  });
  if (value === null) return null;
  const { digest, record } = value;
  const operation = groupOperation(running.self.key, record.routing, event);
  const published = await publish(running, operation, event.id, record.relays, signal);
  switch (published) {
    case 'accepted': {
      const { result } = await transact(running, async (turn) => {
        await taken(turn, group, digest);
        await takeWaiting(turn);
      });
      return afterCommit(running, item, result);
    }
    case 'later':
      return later(running, item);
    case 'refused':
    case 'guarded':
      return giveUp(running, item, group, digest, 'refused-by-server');
    case 'too-large':
      return giveUp(running, item, group, digest, 'too-large');
    default:
      return assertNever(published);
  }
}

async function giveUp(
  running: Running,
  item: OutboxItem,
  group: GroupKey,
  digest: string,
  failure: FailureCode,
): Promise<Performed> {
  const { result } = await transact(running, async (turn) => {
    const { work, ledger } = turn;
    const staged = await readStaged(work, group, digest);
    if (staged?.state !== 'open') return;
    await writeStaged(work, group, digest, { ...staged, state: 'lost' });
    ledger.outbound.push({ item: item.id, to: 'failed', failure });
    await sayGivenUp(turn, group, staged);
  });
  return afterCommit(running, item, result);
}

/** A commit that was sealed before, perhaps before the program ended, is published as it is. */
export async function resumeCommit(
  running: Running,
  item: OutboxItem,
  group: GroupKey,
  signal: AbortSignal,
): Promise<Performed> {
  const [artifact] = item.artifacts;
  const event = artifact && eventOf(artifact);
  if (!event) return fail(running, item, 'damaged');
  return (await handOverCommit(running, item, group, event, signal)) ?? reask(running, item);
}

/** Attempts after which an item that says it is sealed, and is not known so here, is asked for again. */
const REASK_AFTER = 3;

async function reask(running: Running, item: OutboxItem): Promise<Performed> {
  // Most likely its echo has settled it while core gave it out.
  if (item.attempts < REASK_AFTER) return atOnce(running);
  return finish(running, item, { to: 'queued', reseal: 'commit-race-lost' });
}
