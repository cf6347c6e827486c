import {
  Archive,
  ArchiveRestore,
  Ban,
  Bell,
  BellOff,
  ChevronLeft,
  Ellipsis,
  Eye,
  Flag,
  Info,
  Megaphone,
  Pin,
  PinOff,
  Search,
  Timer,
  Users,
} from 'lucide-react';
import type { ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import { plainName } from '../../shared/words/plain-name.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { closeConversation, showSheet } from '../app/view.ts';
import { LabelWords } from '../label/line.tsx';
import { aboutOf, Stated } from '../label/stated.tsx';
import { IconButton } from '../ui/button.tsx';
import { Alike, LikeBlockedLine, useDoubts } from '../people/alike.tsx';
import { cx } from '../ui/classes.ts';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { say, words } from '../words.ts';
import styles from './header.module.css';

/** Who, over which network, who can read it, is it really them: three sentences, never merged. */
export function Header({ row }: { readonly row: ConversationRow }): ReactNode {
  const { label } = row;
  const about = aboutOf(row);
  const stopped = !label.sending.ok;
  const limits = words.limitSentences(label.readers);
  const { alike, likeBlocked } = useDoubts(row);
  return (
    <header
      className={cx(
        styles['header'],
        stopped && styles['stopped'],
        label.readers.kind === 'members-limited' && styles['limited'],
      )}
      aria-label={say('chat.label')}
      data-region="header"
    >
      <IconButton className={styles['back']} label={say('app.back')} onClick={closeConversation}>
        <ChevronLeft aria-hidden="true" />
      </IconButton>
      <div className={styles['words']}>
        <h1 className={styles['name']}>
          <bdi data-testid="header-name">{plainName(row.title, say('name.none'))}</bdi>{' '}
          <span className={styles['network']} data-testid="header-network">
            {words.routeName(label)}
          </span>
        </h1>
        {stopped ? (
          <p className={styles['line']} data-testid="header-stopped">
            <LabelWords kind="stopped">
              <Stated text={words.stoppedSentence(label, about) ?? ''} name={about.name} />
            </LabelWords>
          </p>
        ) : null}
        <p className={cx(styles['line'], stopped && styles['second'])}>
          <button
            type="button"
            className={styles['readers']}
            title={say('facts.title')}
            data-testid="header-readers"
            onClick={() => showSheet({ kind: 'who-sees', conversation: row.id })}
          >
            <LabelWords kind={label.readers.kind}>
              <Stated text={words.readersSentence(label, about)} name={about.name} />
            </LabelWords>
          </button>{' '}
          <span className={styles['identity']} data-testid="header-identity">
            {words.identitySentence(label)}
          </span>
        </p>
        {limits.length === 0 || stopped ? null : (
          <p className={styles['limit']} data-testid="header-limit">
            {limits[0]}
          </p>
        )}
        {alike.length === 0 ? null : (
          <p className={styles['limit']}>
            <Alike names={alike} />
          </p>
        )}
        {likeBlocked === null ? null : (
          <p className={styles['limit']}>
            <LikeBlockedLine like={likeBlocked} />
          </p>
        )}
        {row.timer === null ? null : (
          <p className={styles['limit']} data-testid="header-timer">
            {say('chat.timer.goes', { span: words.stay(row.timer) })}
          </p>
        )}
      </div>
      <Acts row={row} />
    </header>
  );
}

function Acts({ row }: { readonly row: ConversationRow }): ReactNode {
  const who = whoIn(row);
  return (
    <div className={styles['acts']}>
      <IconButton
        className={styles['wide-only']}
        label={say('chat.search')}
        onClick={() => showSheet({ kind: 'palette', in: row.id })}
      >
        <Search aria-hidden="true" />
      </IconButton>
      {who === null ? null : (
        <IconButton className={styles['wide-only']} label={who.name} onClick={who.show}>
          {who.icon}
        </IconButton>
      )}
      <Menu
        trigger={
          <IconButton label={say('app.more')}>
            <Ellipsis aria-hidden="true" />
          </IconButton>
        }
        items={items(row, who)}
      />
    </div>
  );
}

type Who = { readonly name: string; readonly icon: ReactNode; readonly show: () => void };

/** Where it says who is in a conversation: the other side, or a group's members. */
function whoIn(row: ConversationRow): Who | null {
  const { peer, account, kind, id } = row;
  if (kind === 'group')
    // What nobody can be asked about has no panel: groups of networks that keep no list.
    return row.can.leave === 'no' && row.label.protocol !== 'mls'
      ? null
      : {
          name: say('group.panel'),
          icon: <Users aria-hidden="true" />,
          show: () => showSheet({ kind: 'group', conversation: id }),
        };
  return peer === null
    ? null
    : {
        name: say('chat.contact'),
        icon: <Info aria-hidden="true" />,
        show: () => showSheet({ kind: 'contact', peer, account }),
      };
}

function items(row: ConversationRow, who: Who | null): readonly MenuItem[] {
  const { peer, account } = row;
  const set = (patch: { pinned?: boolean; muted?: boolean; archived?: boolean }) => () => {
    insist('conversation.set', { request: newRequest(), conversation: row.id, ...patch }).catch(
      () => undefined,
    );
  };
  return [
    {
      key: 'search',
      icon: <Search aria-hidden="true" />,
      label: say('chat.search'),
      onSelect: () => showSheet({ kind: 'palette', in: row.id }),
    },
    {
      key: 'who-sees',
      icon: <Eye aria-hidden="true" />,
      label: say('facts.title'),
      onSelect: () => showSheet({ kind: 'who-sees', conversation: row.id }),
    },
    ...(who === null ? [] : [{ key: 'who', icon: who.icon, label: who.name, onSelect: who.show }]),
    {
      key: 'tells',
      icon: <Megaphone aria-hidden="true" />,
      label: say('tells.title'),
      onSelect: () => showSheet({ kind: 'tells', conversation: row.id }),
    },
    {
      key: 'pin',
      icon: row.pinned ? <PinOff aria-hidden="true" /> : <Pin aria-hidden="true" />,
      label: say(row.pinned ? 'chat.unpin' : 'chat.pin'),
      onSelect: set({ pinned: !row.pinned }),
    },
    {
      key: 'mute',
      icon: row.muted ? <Bell aria-hidden="true" /> : <BellOff aria-hidden="true" />,
      label: say(row.muted ? 'chat.unmute' : 'chat.mute'),
      onSelect: set({ muted: !row.muted }),
    },
    {
      key: 'archive',
      icon: row.archived ? <ArchiveRestore aria-hidden="true" /> : <Archive aria-hidden="true" />,
      label: say(row.archived ? 'chat.unarchive' : 'chat.archive'),
      onSelect: set({ archived: !row.archived }),
    },
    ...(row.can.timer !== 'no' && row.state === 'active'
      ? [
          {
            key: 'timer',
            icon: <Timer aria-hidden="true" />,
            label: say('chat.timer'),
            onSelect: () => showSheet({ kind: 'timer', conversation: row.id }),
          },
        ]
      : []),
    ...(row.kind === 'direct' && row.peer !== null
      ? [
          {
            key: 'report',
            icon: <Flag aria-hidden="true" />,
            label: say('report.act'),
            onSelect: () => showSheet({ kind: 'report', conversation: row.id, of: null }),
          },
        ]
      : []),
    ...(row.kind === 'direct' && peer !== null && row.state !== 'blocked'
      ? [
          {
            key: 'block',
            icon: <Ban aria-hidden="true" />,
            label: say('block.person'),
            onSelect: () => showSheet({ kind: 'block', peer, account }),
          },
        ]
      : []),
  ];
}

/** Tells core that everything up to a message was seen. */
export function markRead(
  row: ConversationRow,
  upTo: Parameters<typeof call<'conversation.read'>>[1]['upTo'],
): void {
  // Not urgent and safe to lose: the next look tells it again.
  call('conversation.read', { conversation: row.id, upTo }).catch(() => undefined);
}
