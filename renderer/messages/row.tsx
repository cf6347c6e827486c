import { memo, useState, type ReactNode } from 'react';
import { needsNewer } from '../../shared/contract/content.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { FailureCode } from '../../shared/lane/intent.ts';
import type { Millis } from '../../shared/ids.ts';
import { insist, newRequest } from '../app/core.ts';
import { useNow } from '../app/now.ts';
import { showDetails } from '../app/view.ts';
import { FateIcon } from '../chats/row.tsx';
import { ShortLabel } from '../label/line.tsx';
import { aboutOf } from '../label/stated.tsx';
import { LinkButton } from '../ui/button.tsx';
import { cx } from '../ui/classes.ts';
import { say, words } from '../words.ts';
import { RowActions } from './actions.tsx';
import { Files } from './files.tsx';
import { Quote } from './quote.tsx';
import { Reactions } from './reactions.tsx';
import styles from './row.module.css';
import { Said } from './said.tsx';
import { authorName, fate, needsLook, stays, type SaidRow } from './state.ts';

type Props = {
  readonly row: SaidRow;
  readonly chat: ConversationRow;
  /** Goes on in the turn of the row before. */
  readonly continued: boolean;
  /** The row after goes on in this turn. */
  readonly open: boolean;
  /** The one row Tab goes to. */
  readonly start: boolean;
  /** Just jumped to. */
  readonly marked: boolean;
};

/** One message: mine on a pale wash, theirs bare text; its label only where it differs from the conversation's. */
export const SaidMessage = memo(function SaidMessage(props: Props): ReactNode {
  const { row, chat, continued, open, start, marked } = props;
  const [pointed, setPointed] = useState(false);
  /** The focus is in it, or in a menu of it: its acts do not go with the pointer then, and take nobody's place along. */
  const [focused, setFocused] = useState(false);
  const now = useNow((state) => (row.expires === null ? 0 : state.now));
  /** A menu or picker of this row is open: the focus is in it, and it must not go with the pointer. */
  const [busy, setBusy] = useState(false);
  const mine = row.author.me;
  const asRequest = chat.state === 'request';
  const held = row.sending?.state === 'held';
  const differs = !sameProtection(row, chat);
  const quiet = open && !needsLook(row) && !differs && row.editedAt === null && row.reactions.length === 0;
  return (
    // A message takes the focus so that one can go through the log by arrows and reach its acts.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <article
      className={cx(
        styles['message'],
        mine && styles['mine'],
        continued && styles['continued'],
        marked && styles['marked'],
      )}
      aria-label={spoken(row, now)}
      data-testid="message"
      data-message={row.id}
      data-start={start || undefined}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={start ? 0 : -1}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onFocus={() => setFocused(true)}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setFocused(false);
      }}
    >
      {!mine && chat.kind !== 'direct' && !continued ? (
        <bdi className={styles['by']}>{authorName(row)}</bdi>
      ) : null}
      <div className={cx(styles['body'], held && styles['held'])}>
        {row.quote === null ? null : <Quote quote={row.quote} conversation={chat.id} />}
        {row.deleted ? (
          <p className={styles['deleted']}>
            {say(row.asked === undefined ? 'message.deleted' : `message.deleted.${row.asked}`)}
          </p>
        ) : needsNewer(row.content) ? (
          <p className={styles['deleted']}>{say('message.newer-version')}</p>
        ) : (
          <>
            <Files files={row.files} fetch={!asRequest} />
            {row.content.text === '' ? null : <Said content={row.content} links={!asRequest} />}
          </>
        )}
      </div>
      <Meta row={row} chat={chat} differs={differs} quiet={quiet} />
      {(pointed || focused || busy) && !row.deleted ? (
        <RowActions row={row} chat={chat} onBusy={setBusy} />
      ) : null}
    </article>
  );
});

/** Who and when, and how long it still stays. */
function spoken(row: SaidRow, now: Millis): string {
  const said = say('message.spoken', { name: authorName(row), time: words.clock(row.receivedAt) });
  const left = stays(row, now);
  return left === null ? said : say('message.spoken.goes', { said, left });
}

/** Whether a message was protected as the conversation is now: then it need not say so again. */
function sameProtection(row: SaidRow, chat: ConversationRow): boolean {
  return (
    row.label.protocol === chat.label.protocol &&
    JSON.stringify(row.label.readers) === JSON.stringify(chat.label.readers)
  );
}

function Meta({
  row,
  chat,
  differs,
  quiet,
}: {
  readonly row: SaidRow;
  readonly chat: ConversationRow;
  readonly differs: boolean;
  readonly quiet: boolean;
}): ReactNode {
  const { sending } = row;
  // "Accepted" under what waits to be deleted would be taken for the deletion.
  const state = row.asked === undefined ? fate(row, chat.label.network) : null;
  const parts: readonly ReactNode[] = [
    <time key="time" dateTime={new Date(clampDate(row.receivedAt)).toISOString()}>
      {words.clock(row.receivedAt)}
    </time>,
    row.editedAt === null ? null : (
      <LinkButton key="edited" className={styles['part']} onClick={() => showDetails(row.id)}>
        {say('message.edited', { time: words.clock(row.editedAt) })}
      </LinkButton>
    ),
    differs ? (
      <span key="label" data-testid="message-label">
        <ShortLabel label={{ ...row.label, sending: { ok: true } }} about={aboutOf(chat)} />
      </span>
    ) : null,
    sending && state !== null ? (
      <span key="state" className={cx(styles['state'], needsLook(row) && styles['loud'])}>
        <FateIcon state={sending.state} />
        <span data-testid="message-state">{state}</span>
      </span>
    ) : null,
    sending?.failure ? <Failure key="why" code={sending.failure} /> : null,
    sending?.state === 'failed' ? (
      <LinkButton
        key="retry"
        className={styles['part']}
        onClick={() => {
          insist('message.retry', { request: newRequest(), id: row.id }).catch(() => undefined);
        }}
      >
        {say('app.retry')}
      </LinkButton>
    ) : null,
    sending?.state === 'held' || sending?.state === 'queued' || sending?.waits ? (
      <LinkButton
        key="cancel"
        className={styles['part']}
        onClick={() => {
          insist('message.cancel', { request: newRequest(), id: row.id }).catch(() => undefined);
        }}
      >
        {say('message.cancel')}
      </LinkButton>
    ) : null,
  ];
  return (
    <div className={cx(styles['meta'], quiet && 'seen-only-by-ear')}>
      <Reactions row={row} chat={chat} />
      {/* A point never begins a line: it holds on to the part before it. */}
      {parts
        .filter((part) => part !== null)
        .flatMap((part, index) => (index === 0 ? [part] : ['\u00a0· ', part]))}
    </div>
  );
}

/** The range of moments a calendar holds. */
function clampDate(at: number): number {
  return Math.max(-8.64e15, Math.min(8.64e15, at));
}

/** Why a message was not sent, and what to do. */
function Failure({ code }: { readonly code: FailureCode }): ReactNode {
  const { what, todo } = words.failure(code);
  return (
    <span className={styles['why']}>
      {what} {todo}
    </span>
  );
}
