import { BellOff, Check, CheckCheck, CircleAlert, Clock, Pin } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import type { ConversationRow, SendState, Snippet } from '../../shared/contract/conversation.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { noteCodes } from '../../shared/lane/change.ts';
import { plainFileName, plainLetters, plainName } from '../../shared/words/plain-name.ts';
import { assertNever } from '../../shared/assert.ts';
import { useNow } from '../app/now.ts';
import { RowLabel } from '../label/line.tsx';
import { aboutOf } from '../label/stated.tsx';
import { cx } from '../ui/classes.ts';
import { say, words } from '../words.ts';
import styles from './row.module.css';
import { useChats } from './store.ts';

/** Of a snippet's text more is never seen. */
const MAX_SNIPPET = 240;

type Props = {
  readonly id: ConversationId;
  readonly current: boolean;
  /** The one row Tab goes to. */
  readonly start: boolean;
  readonly onFocus: () => void;
  readonly onOpen: () => void;
};

/** A conversation in the list: name and time, label and network, the last thing said. */
export const ChatRow = memo(
  function ChatRow({ id, current, start, onFocus, onOpen }: Props): ReactNode {
    const row = useChats((chats) => chats.rows.get(id));
    const typing = useChats((chats) => chats.typing.has(id));
    const now = useNow((state) => state.now);
    if (!row) return null;
    const unread = row.unread > 0;
    return (
      <button
        type="button"
        className={cx(styles['row'], unread && styles['unread'])}
        aria-current={current || undefined}
        tabIndex={start ? 0 : -1}
        data-start={start || undefined}
        data-chat={id}
        data-testid="chat"
        onFocus={onFocus}
        onClick={onOpen}
      >
        {unread && !row.muted ? <span className={styles['dot']} /> : null}
        <span className={styles['top']}>
          <bdi className={styles['name']}>{plainName(row.title, say('name.none'))}</bdi>
          {row.pinned ? <Mark icon={<Pin aria-hidden="true" />} name={say('chats.pinned')} /> : null}
          {row.muted ? <Mark icon={<BellOff aria-hidden="true" />} name={say('chats.muted')} /> : null}
          {row.lastAt > 0 ? (
            <time className={styles['time']} dateTime={isoTime(row.lastAt)}>
              {words.rowTime(row.lastAt, now)}
            </time>
          ) : null}
        </span>
        <RowLabel label={row.label} about={aboutOf(row)} />
        <span className={styles['last']}>
          <span className={styles['snippet']}>
            {typing ? <em>{say('chats.typing')}</em> : <Said row={row} snippet={row.snippet} />}
          </span>
          {unread ? (
            <span className={cx(styles['count'], row.muted && styles['muted'])}>
              <span aria-hidden="true">{row.unread}</span>
              <span className="seen-only-by-ear">{say('chats.unread', { count: row.unread })}</span>
            </span>
          ) : (
            <Fate row={row} />
          )}
        </span>
      </button>
    );
  },
  (before, after) =>
    before.id === after.id && before.current === after.current && before.start === after.start,
);

/** A moment for machines; what no calendar holds is left out. */
function isoTime(at: number): string | undefined {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : undefined;
}

function Mark({ icon, name }: { readonly icon: ReactNode; readonly name: string }): ReactNode {
  return (
    <span className={styles['mark']} title={name}>
      {icon}
      <span className="seen-only-by-ear">{name}</span>
    </span>
  );
}

function oneLine(text: string): string {
  return plainLetters(text.slice(0, MAX_SNIPPET).replace(/\s+/gu, ' '));
}

/** The last thing said, or what Plainseal states in its place. */
function Said({ row, snippet }: { readonly row: ConversationRow; readonly snippet: Snippet }): ReactNode {
  switch (snippet.kind) {
    case 'text':
      return (
        <>
          {snippet.mine ? <b>{say('chats.you')} </b> : null}
          <bdi>{oneLine(snippet.text)}</bdi>
        </>
      );
    case 'files': {
      const name = plainFileName(snippet.names[0] ?? '', say('name.file.none'));
      return (
        <>
          {snippet.mine ? <b>{say('chats.you')} </b> : null}
          <bdi>{say('chats.files', { count: snippet.names.length, name })}</bdi>
        </>
      );
    }
    case 'newer-version':
      return <em>{say('message.newer-version')}</em>;
    case 'draft':
      return (
        <>
          <b>{say('chats.draft')} </b>
          <bdi>{oneLine(snippet.text)}</bdi>
        </>
      );
    case 'waiting':
      return (
        <>
          <b>{say('chats.waiting')} </b>
          <bdi>{oneLine(snippet.text)}</bdi>
        </>
      );
    case 'request':
      return <em>{say('chats.request')}</em>;
    case 'note': {
      const code = noteCodes.find((known) => known === snippet.code);
      return <em>{code ? words.note(code, aboutOf(row), snippet.who).what : say('chats.note')}</em>;
    }
    case 'empty':
      return <em>{say('chats.nothing')}</em>;
    default:
      return assertNever(snippet);
  }
}

/** What became of my last message. */
function Fate({ row }: { readonly row: ConversationRow }): ReactNode {
  if (row.snippet.kind !== 'text' || !row.snippet.mine || row.snippet.state === null) return null;
  const { state } = row.snippet;
  return (
    <span className={styles['fate']} title={words.sendState(state, row.label.network)}>
      <FateIcon state={state} />
      <span className="seen-only-by-ear">{words.sendState(state, row.label.network)}</span>
    </span>
  );
}

/** The sign of a sending state; its words always stand beside it or are spoken. */
export function FateIcon({ state }: { readonly state: SendState }): ReactNode {
  switch (state) {
    case 'queued':
    case 'sealed':
    case 'held':
      return <Clock aria-hidden="true" />;
    case 'sent':
      return <Check aria-hidden="true" />;
    case 'delivered':
    case 'read':
      return <CheckCheck aria-hidden="true" />;
    case 'failed':
    case 'cancelled':
      return <CircleAlert aria-hidden="true" />;
    default:
      return assertNever(state);
  }
}
