import type { ServiceId } from '../../crypto/signal/address.ts';
import { assertNever } from '../../shared/assert.ts';
import { isRefused, type CommitResult } from '../../shared/lane/commit.ts';
import { createWork } from '../../shared/lane/work.ts';
import { createFetchedFiles, type FileStore } from './fetched-files.ts';
import { commitOf, createLedger, type Ledger } from './ledger.ts';
import { openBatch, type Batch, type Needed } from './open-batch.ts';
import { commit, CONFLICT_TRIES } from './performing.ts';
import type { Reception } from './receiving.ts';
import type { Unwrapped } from './unwrap.ts';
import { viewAfter } from './view-after.ts';

/** A commit could not be made: the disk is full, or core is gone. Nothing of it is acknowledged; the server gives it again. */
export class CommitFault extends Error {
  readonly why: Exclude<CommitResult, { readonly ok: true }>['why'];
  constructor(why: CommitFault['why']) {
    super(`commit: ${why}`);
    this.name = 'CommitFault';
    this.why = why;
  }
}

/** My number is another one: the connection is to be made anew, with the identity of that (see Ledger.numberChanged). */
export class NumberChanged extends Error {
  constructor() {
    super('number changed');
    this.name = 'NumberChanged';
  }
}

/**
 * Opens deliveries and makes them durable, batch by batch, each acknowledged once its commit stands. Whatever one of them is, the
 * others stand. @throws CommitFault when core cannot commit, NumberChanged after a delivery that says so; then none of the rest is acknowledged.
 */
export async function receive(reception: Reception, deliveries: readonly Unwrapped[]): Promise<void> {
  const files = createFetchedFiles(reception);
  for (let rest = deliveries; rest.length > 0;) {
    const stop = await reception.withLocks(servicesOf(reception, rest), () =>
      takeAll(reception, rest, files),
    );
    switch (stop.kind) {
      case 'end':
        return;
      case 'needs-files':
        // Not under the locks, and before anything is committed: a text is shown whole, or as one that could not be fetched.
        rest = without(stop.rest, await fetchOrPostpone(reception, stop.needed, files));
        break;
      case 'refused':
        await takeApart(reception, stop.batch);
        rest = stop.rest;
        break;
      default:
        return assertNever(stop);
    }
  }
}

/** Why deliveries were not taken any further, and what is left of them. */
type Stop =
  | { readonly kind: 'end' }
  | {
      readonly kind: 'needs-files';
      readonly needed: readonly Needed[];
      readonly rest: readonly Unwrapped[];
    }
  /** Core refuses the commit of a batch: something in it is against its rules. */
  | {
      readonly kind: 'refused';
      readonly batch: readonly Unwrapped[];
      readonly rest: readonly Unwrapped[];
    };

/**
 * Fetches files. Gives the deliveries that are to wait for theirs: a moment's trouble must not cut a text for good, nor hold up what comes
 * after it. What may not wait any longer goes without.
 */
async function fetchOrPostpone(
  { postponed }: Reception,
  needed: readonly Needed[],
  files: FileStore,
): Promise<readonly Unwrapped[]> {
  const later = await files.fetch(needed.map(({ pointer }) => pointer));
  const waits: Unwrapped[] = [];
  for (const { pointer, of } of needed) {
    if (!later.includes(pointer)) continue;
    if (of.kind === 'unsealed' && postponed.take(of.delivery, of.unsealed.from.service, pointer))
      waits.push(of);
    else files.giveUp(pointer);
  }
  return waits;
}

const without = (all: readonly Unwrapped[], some: readonly Unwrapped[]): readonly Unwrapped[] =>
  all.filter((one) => !some.includes(one));

/** Whose ratchets deliveries may move. */
function servicesOf({ own }: Reception, deliveries: readonly Unwrapped[]): readonly ServiceId[] {
  const senders = deliveries.flatMap((one) => (one.kind === 'unsealed' ? [one.unsealed.from.service] : []));
  return [...new Set([own.service, ...senders])];
}

/**
 * Batch after batch, under the locks of all of them: while core commits one, the next is opened over the state that the commit
 * leaves. It is handed to core only once that stands, and opened anew when it does not.
 */
async function takeAll(
  reception: Reception,
  deliveries: readonly Unwrapped[],
  files: FileStore,
): Promise<Stop> {
  const { context } = reception;
  let rest = deliveries;
  let opened: Batch | null = null;
  for (let conflicts = 0; rest.length > 0;) {
    const current: Batch = opened ?? (await openBatch(reception, context.view, rest, files));
    const { deliveries: batch, ledger, needed } = current;
    if (needed.length > 0) return { kind: 'needs-files', needed, rest };
    const others = rest.slice(batch.length);
    const view = viewAfter(context.view, current.commit.work);
    const [result, ahead] = await Promise.all([
      tryCommit(reception, current),
      others.length === 0 ? null : openAhead(reception, view, others, files),
    ]);
    if (result === 'refused') return { kind: 'refused', batch, rest: others };
    if (result.ok) {
      await settle(reception, batch, ledger);
      if (ledger.numberChanged) throw new NumberChanged();
      [rest, opened, conflicts] = [others, ahead, 0];
    } else {
      conflicts += 1;
      if (result.why !== 'conflict' || conflicts === CONFLICT_TRIES) throw new CommitFault(result.why);
      opened = null;
    }
  }
  return { kind: 'end' };
}

async function tryCommit(
  { context }: Reception,
  { commit: change, deliveries }: Batch,
): Promise<CommitResult | 'refused'> {
  try {
    return await commit(context, change);
  } catch (error) {
    if (!isRefused(error)) throw error;
    context.log('commit-refused', { kind: error.kind, deliveries: deliveries.length });
    return 'refused';
  }
}

/** What goes wrong ahead of its turn goes wrong again in its turn, if it does. */
function openAhead(...args: Parameters<typeof openBatch>): Promise<Batch | null> {
  return openBatch(...args).catch(() => null);
}

/** The commit stands: the server is told, and whoever waits for it. */
async function settle(reception: Reception, batch: readonly Unwrapped[], ledger: Ledger): Promise<void> {
  const { context, own, profileNames } = reception;
  await context.crashPoint('lane.before-acknowledge');
  for (const { delivery } of batch) delivery.acknowledge();
  await context.crashPoint('lane.after-acknowledge');
  for (const run of ledger.after) run();
  for (const service of ledger.moved) if (service !== own.service) profileNames.want(service);
}

/**
 * Core refuses what a batch makes: each delivery is taken alone, and the one that it refuses by itself is kept and takes no part.
 */
async function takeApart(reception: Reception, batch: readonly Unwrapped[]): Promise<void> {
  const [first, ...others] = batch;
  if (first === undefined) return;
  if (others.length > 0) {
    for (const one of batch) await receive(reception, [one]);
    return;
  }
  const { key, raw } = first.delivery;
  const ledger = createLedger();
  ledger.inbound.push({ kind: 'quarantined', envelope: key, raw, why: 'refused-by-core' });
  const result = await commit(reception.context, commitOf(createWork(reception.context.view), ledger, []));
  if (!result.ok) throw new CommitFault(result.why);
  await settle(reception, batch, ledger);
}
