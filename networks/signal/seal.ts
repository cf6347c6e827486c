import { emptyCommit, type CommitResult } from '../../shared/lane/commit.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Change } from '../../shared/lane/change.ts';
import type { OutboxItem, OutboxStep, ResealReason, Stored } from '../../shared/lane/intent.ts';
import type { Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { deviceOf } from './artifact.ts';
import { compose, recipientOf } from './compose.ts';
import { failed, type Composed, type Draft } from './draft.ts';
import { sealedEvidence } from './evidence.ts';
import { forecastsOf } from './forecast.ts';
import { prepare, type Prepared } from './hand-over.ts';
import { makePart, storedOf, type Part } from './part.ts';
import { commit, CONFLICT_TRIES, type Performing } from './performing.ts';
import { readSent, writeSent, type SentRecord } from './send-log.ts';
import { deviceChange, sealable, type Wanted } from './sessions.ts';

/** What sealing an item came to. */
export type SealResult =
  | {
      readonly kind: 'sealed';
      readonly draft: Draft;
      readonly artifacts: readonly Stored[];
      readonly ready: Promise<Prepared>;
    }
  /** These devices of the recipient have no session yet. */
  | { readonly kind: 'needs-sessions'; readonly draft: Draft; readonly devices: Wanted }
  | {
      readonly kind: 'commit-failed';
      readonly draft: Draft;
      readonly result: Extract<CommitResult, { readonly ok: false }>;
    }
  | Exclude<Composed, { readonly kind: 'draft' }>;

/** Sealing again, for some devices only. */
export interface Reseal {
  readonly reason: ResealReason;
  readonly devices: readonly number[];
  /** Devices that are not there any more. */
  readonly gone: readonly number[];
  /** What was made before, and is to go out with it. */
  readonly stored: readonly Stored[];
}

/** How an item is sealed. `renewed`: a session was replaced for it. */
export type How = { readonly renewed: boolean; readonly reseal: Reseal | null };

/**
 * Seals an item for every device of its recipient in one commit, with the lock of the recipient held from the first read to its
 * result; or, with `reseal`, the same content for some of them again.
 */
export async function seal(performing: Performing, item: OutboxItem, how: How): Promise<SealResult> {
  const to = recipientOf(performing.context.account, performing.own.service, item.intent);
  if (to === null) return failed(item.intent.what.kind === 'protocol' ? 'damaged' : 'not-possible');
  // A deletion takes what is kept for my own devices along.
  const locks = item.intent.what.kind === 'delete' ? [to, performing.own.service] : [to];
  return performing.withLocks(locks, async () => {
    for (let attempt = 0; ; attempt++) {
      const sealed = await sealOnce(performing, item, how);
      const conflict = sealed.kind === 'commit-failed' && sealed.result.why === 'conflict';
      if (!conflict || attempt >= CONFLICT_TRIES) return sealed;
    }
  });
}

async function sealOnce(performing: Performing, item: OutboxItem, how: How): Promise<SealResult> {
  const { context, engine, own } = performing;
  const { reseal, renewed } = how;
  const work = createWork(context.view);
  const now = context.now();
  const composing = { account: context.account, own, engine, work, now, sealed: reseal !== null, renewed };
  const composed = await compose(composing, item);
  if (composed.kind !== 'draft') return composed;
  const { draft } = composed;
  for (const device of reseal?.gone ?? []) engine.forget({ service: draft.to, device }, work);
  const { ready, without } = await sealable(performing, draft.to, work, now);
  const devices = without === '*' || reseal === null ? without : without.filter(within(reseal.devices));
  if (devices.length > 0) return { kind: 'needs-sessions', draft, devices };
  const { what } = draft;
  // The one who asked is not there any more.
  if (what.kind === 'one-device' && !ready.some(({ device }) => device === what.device))
    return { kind: 'void', enqueue: [] };
  const wanted = reseal === null ? ready : ready.filter(({ device }) => reseal.devices.includes(device));
  return commitSealed(performing, item, reseal, { draft, wanted, work, now });
}

/** Seals a draft for devices, and commits what came of it. */
async function commitSealed(
  performing: Performing,
  item: OutboxItem,
  reseal: Reseal | null,
  of: {
    readonly draft: Draft;
    readonly wanted: Awaited<ReturnType<typeof sealable>>['ready'];
    readonly work: Work;
    readonly now: Millis;
  },
): Promise<SealResult> {
  const { context, engine, sweeper } = performing;
  const { draft, wanted, work, now } = of;
  const kept = await readSent(work, draft.to, draft.sentAt, now);
  const same = kept?.item === item.id ? kept : null;
  const parts: Part[] = [];
  for (const one of wanted) parts.push(await makePart(engine, draft, same, one, work, now));
  const before = reseal === null ? null : same;
  const evidence = await sealedEvidence(performing, draft, parts, before, work, now);
  if (draft.keptMs !== null) await keep(item, draft, { parts, before, evidence }, work, now);
  const made = [...lost(reseal, parts), ...parts.map((part) => storedOf(draft.to, part))];
  const artifacts = replaced(reseal?.stored ?? [], made);
  const step: OutboxStep = {
    item: item.id,
    to: 'sealed',
    artifacts,
    ...(evidence === null ? {} : { evidence }),
    ...(reseal === null ? {} : { reseal: reseal.reason }),
  };
  const forecasts = await forecastsOf(performing, item, work, null);
  // While core writes what was sealed its wrapper is made: of a commit that does not stand it is thrown away.
  const ready = prepare(performing, draft, artifacts);
  ready.catch(() => undefined);
  const result = await commit(context, {
    ...emptyCommit,
    work: work.writes(),
    changes: removed(performing, draft, reseal),
    forecasts,
    outbound: [step],
    enqueue: reseal === null ? draft.enqueue : [],
  });
  if (!result.ok) return { kind: 'commit-failed', draft, result };
  if (draft.keptMs !== null) sweeper.note(draft.to, now + draft.keptMs);
  return { kind: 'sealed', draft, artifacts, ready };
}

const within =
  (some: readonly number[]) =>
  (device: number): boolean =>
    some.includes(device);

/** What was made for devices that are not there any more: it stays stored, and is not sent. */
function lost(reseal: Reseal | null, parts: readonly Part[]): readonly Stored[] {
  if (reseal === null) return [];
  const over = [
    ...reseal.gone,
    ...reseal.devices.filter((device) => !parts.some((part) => part.device === device)),
  ];
  return reseal.stored
    .filter(({ to }) => over.includes(deviceOf(to)?.device ?? 0))
    .map((artifact) => ({ ...artifact, outcome: 'refused' }));
}

/** Stored artifacts with newer ones in their places. */
function replaced(stored: readonly Stored[], newer: readonly Stored[]): readonly Stored[] {
  return [...stored.filter(({ to }) => !newer.some((one) => one.to === to)), ...newer];
}

function removed({ own }: Performing, { to }: Draft, reseal: Reseal | null): readonly Change[] {
  if (to === own.service || reseal === null) return [];
  return reseal.gone.map((device) => deviceChange(to, device, 'removed'));
}

/** Keeps the content for those who cannot open it, and the evidence until the outcome is known. */
async function keep(
  item: OutboxItem,
  draft: Draft,
  of: {
    readonly parts: readonly Part[];
    readonly before: SentRecord | null;
    readonly evidence: SentRecord['evidence'];
  },
  work: Work,
  now: Millis,
): Promise<void> {
  const [first] = of.parts;
  if (first === undefined || draft.what.kind !== 'content') return;
  const devices = new Set([...(of.before?.devices ?? []), ...of.parts.map(({ device }) => device)]);
  const record: SentRecord = {
    item: item.id,
    content: of.before?.content ?? draft.what.content,
    hint: draft.hint,
    identity: first.identity,
    devices: [...devices],
    evidence: item.intent.conversation === null ? null : of.evidence,
    resends: 0,
    expiresAt: now + (draft.keptMs ?? 0),
  };
  await writeSent(work, draft.to, draft.sentAt, record, now);
}
