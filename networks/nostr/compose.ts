import { assertNever } from '../../shared/assert.ts';
import type { FailureCode, Intent } from '../../shared/lane/intent.ts';
import type { Work } from '../../shared/lane/state.ts';
import { rumorOf, seconds, type Draft, type EventId, type Rumor } from './event.ts';
import type { PublicKey } from './keys.ts';
import { appMessageDraft } from './marmot/app-message.ts';
import { eventOfKey, ownEvents, readOwn } from './own-event.ts';
import { noteReaction, readReaction } from './reaction.ts';

/** What an intent says in a group, or why it says nothing. */
export type Composed =
  | { readonly kind: 'events'; readonly events: readonly Rumor[] }
  /** There is nothing (any more) to say. */
  | { readonly kind: 'void' }
  | { readonly kind: 'failed'; readonly failure: FailureCode };

const failed = (failure: FailureCode): Composed => ({ kind: 'failed', failure });

/** The events of an intent of mine: made again they are the same. `isNew`: they were never made ({@link ownEvents}). */
export async function compose(
  work: Work,
  own: PublicKey,
  { what, sentAt }: Intent,
  isNew = false,
): Promise<Composed> {
  const events = async (
    was: EventId | null,
    drafts: (datedAt: number) => readonly Draft[],
  ): Promise<readonly Rumor[]> =>
    ownEvents(work, { key: what.key, firstDate: seconds(sentAt), was, isNew }, (datedAt) =>
      drafts(datedAt).map((draft) => rumorOf(own, draft)),
    );
  switch (what.kind) {
    case 'content': {
      const { text, quote, files } = what.content;
      if (files.length > 0) return failed('not-possible');
      const replyTo = quote === undefined ? null : await eventOfKey(work, quote);
      const said = { kind: 'text', text, replyTo, files: 0 } as const;
      return { kind: 'events', events: await events(null, (at) => [appMessageDraft(said, at)]) };
    }
    case 'reaction': {
      const target = await eventOfKey(work, what.target);
      if (target === null) return failed('not-possible');
      const known = await readOwn(work, what.key);
      const was = known === null ? ((await readReaction(work, what.target, own))?.id ?? null) : known.was;
      const emoji = what.emoji.at(-1);
      if (was === null && emoji === undefined) return { kind: 'void' };
      const made = await events(was, (at) => [
        ...(was === null ? [] : [appMessageDraft({ kind: 'delete', targets: [was] }, at)]),
        ...(emoji === undefined ? [] : [appMessageDraft({ kind: 'reaction', target, emoji }, at)]),
      ]);
      const last = made.at(-1);
      const next = emoji === undefined || last === undefined ? null : { id: last.id, emoji };
      await noteReaction(work, what.target, own, next);
      return { kind: 'events', events: made };
    }
    case 'delete': {
      const target = await eventOfKey(work, what.target);
      // It was never sealed: nobody has it.
      if (target === null) return failed('not-possible');
      const made = await events(null, (at) => [appMessageDraft({ kind: 'delete', targets: [target] }, at)]);
      return { kind: 'events', events: made };
    }
    case 'edit': {
      const target = await eventOfKey(work, what.target);
      if (target === null) return failed('not-possible');
      const said = { kind: 'edit', target, text: what.content.text } as const;
      return { kind: 'events', events: await events(null, (at) => [appMessageDraft(said, at)]) };
    }
    case 'receipt':
      return { kind: 'void' };
    case 'timer':
    case 'group':
    case 'protocol':
      return failed('not-possible');
    default:
      return assertNever(what);
  }
}
