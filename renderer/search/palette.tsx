import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import {
  MessageSquareText,
  Plus,
  Search,
  SlidersHorizontal,
  SquarePen,
  Users,
  type LucideIcon,
} from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { SearchHit } from '../../shared/contract/message.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { plainLetters, plainName } from '../../shared/words/plain-name.ts';
import { useAccounts } from '../accounts/store.ts';
import { useNow } from '../app/now.ts';
import { openConversation, showSheet } from '../app/view.ts';
import { NetworkIcon } from '../chats/network-icon.tsx';
import { useChats } from '../chats/store.ts';
import { RowLabel } from '../label/line.tsx';
import { aboutOf } from '../label/stated.tsx';
import { Key } from '../ui/key.tsx';
import { say, words } from '../words.ts';
import { around, highlight, queryWords } from './highlight.ts';
import styles from './palette.module.css';
import { useHits } from './use-hits.ts';

/** Conversations shown for one query. */
const MAX_CHATS = 6;
/** Length of a found message's line, in UTF-16 units. */
const LINE = 160;

type Item =
  | { readonly kind: 'chat'; readonly id: string; readonly row: ConversationRow }
  | { readonly kind: 'hit'; readonly id: string; readonly hit: SearchHit }
  | {
      readonly kind: 'act';
      readonly id: string;
      readonly name: string;
      readonly icon: LucideIcon;
      readonly act: () => void;
    };
type Group = { readonly value: string; readonly items: readonly Item[] };

/** Jump to a conversation, search messages, do something: all by the keyboard. */
export function Palette({ scope }: { readonly scope: ConversationId | null }): ReactNode {
  const field = useRef<HTMLInputElement>(null);
  const [query, setQuery] = useState('');
  const rows = useChats((chats) => chats.rows);
  const order = useChats((chats) => chats.order);
  const { hits, more, extend, searching } = useHits(query, scope);
  const looked = queryWords(query);
  const hasGroups = useAccounts((state) => state.rows?.some((row) => row.groups) ?? false);

  const chats: readonly Item[] =
    scope === null
      ? [...new Set([...order, ...rows.keys()])]
          .map((id) => rows.get(id))
          .filter((row) => row !== undefined)
          .filter((row) => looked.length === 0 || matches(plainName(row.title), looked))
          .slice(0, MAX_CHATS)
          .map((row) => ({ kind: 'chat', id: `chat ${row.id}`, row }))
      : [];
  const found: readonly Item[] = hits.map((hit) => ({ kind: 'hit', id: `hit ${hit.id}`, hit }));
  const acts: readonly Item[] =
    scope === null
      ? commands(hasGroups).filter((item) => item.kind === 'act' && matches(item.name, looked))
      : [];
  const groups: readonly Group[] = [
    { value: say('search.chats'), items: chats },
    { value: say('search.messages'), items: found },
    { value: say('search.do'), items: acts },
  ].filter((group) => group.items.length > 0);

  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : showSheet(null))}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['scrim']} />
        <Dialog.Popup className={styles['palette']} aria-label={say('search.title')} initialFocus={field}>
          <Autocomplete.Root
            items={groups}
            value={query}
            onValueChange={setQuery}
            open
            inline
            autoHighlight="always"
            keepHighlight
            filter={null}
            itemToStringValue={(item: Item) => item.id}
          >
            <div className={styles['field']}>
              <Search aria-hidden="true" />
              <Autocomplete.Input
                ref={field}
                className={styles['input']}
                aria-label={say('search.title')}
                maxLength={200}
                placeholder={say(scope === null ? 'search.placeholder' : 'search.placeholder.in')}
              />
              <Key>Esc</Key>
            </div>
            <div className={styles['found']}>
              <Autocomplete.List>
                {(group: Group) => (
                  <Autocomplete.Group key={group.value} items={group.items}>
                    <Autocomplete.GroupLabel className={styles['heading']}>
                      {group.value}
                    </Autocomplete.GroupLabel>
                    <Autocomplete.Collection>
                      {(item: Item) => (
                        <Autocomplete.Item
                          key={item.id}
                          value={item}
                          className={styles['item']}
                          onClick={() => choose(item)}
                        >
                          <Entry item={item} looked={looked} />
                        </Autocomplete.Item>
                      )}
                    </Autocomplete.Collection>
                  </Autocomplete.Group>
                )}
              </Autocomplete.List>
              {groups.length === 0 && query.trim() !== '' && !searching ? (
                <output className={styles['none']}>{say('search.none')}</output>
              ) : null}
              {more ? (
                <button type="button" className={styles['more']} onClick={extend}>
                  {say('search.more')}
                </button>
              ) : null}
            </div>
          </Autocomplete.Root>
          <footer className={styles['foot']}>
            <span>
              <Key>↑</Key> <Key>↓</Key> {say('search.move')}
            </span>
            <span>
              <Key>Enter</Key> {say('search.open')}
            </span>
            <span className={styles['local']}>{say('search.local')}</span>
          </footer>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function matches(text: string, looked: readonly string[]): boolean {
  const parts = highlight(text, looked).filter((part) => part.hit).length;
  return (
    looked.every((word) => highlight(text, [word]).some((part) => part.hit)) &&
    (parts > 0 || looked.length === 0)
  );
}

function commands(groups: boolean): readonly Item[] {
  return [
    {
      kind: 'act',
      id: 'act new',
      name: say('chats.new'),
      icon: SquarePen,
      act: () => showSheet({ kind: 'new-chat' }),
    },
    ...(groups
      ? [
          {
            kind: 'act' as const,
            id: 'act group',
            name: say('group.new'),
            icon: Users,
            act: () => showSheet({ kind: 'new-group' }),
          },
        ]
      : []),
    {
      kind: 'act',
      id: 'act add',
      name: say('rail.add'),
      icon: Plus,
      act: () => showSheet({ kind: 'add-account', network: null }),
    },
    {
      kind: 'act',
      id: 'act settings',
      name: say('rail.settings'),
      icon: SlidersHorizontal,
      act: () => showSheet({ kind: 'settings' }),
    },
  ];
}

function choose(item: Item): void {
  if (item.kind === 'chat') openConversation(item.row.id);
  else if (item.kind === 'hit') openConversation(item.hit.conversation, item.hit.id);
  else item.act();
}

function Entry({ item, looked }: { readonly item: Item; readonly looked: readonly string[] }): ReactNode {
  const now = useNow((state) => state.now);
  if (item.kind === 'act') {
    const Icon = item.icon;
    return (
      <>
        <Icon aria-hidden="true" />
        <span className={styles['name']}>
          <Marked text={item.name} looked={looked} />
        </span>
      </>
    );
  }
  if (item.kind === 'chat') {
    return (
      <>
        <NetworkIcon network={item.row.label.network} />
        <bdi className={styles['name']}>
          <Marked text={plainName(item.row.title, say('name.none'))} looked={looked} />
        </bdi>
        <span className={styles['label']}>
          <RowLabel label={item.row.label} about={aboutOf(item.row)} />
        </span>
      </>
    );
  }
  const { hit } = item;
  const author = hit.author.me ? say('message.by-you') : plainName(hit.author.name, say('name.none'));
  return (
    <>
      <MessageSquareText aria-hidden="true" />
      <bdi className={styles['text']}>
        <Marked text={around(plainLetters(hit.text), looked, LINE)} looked={looked} />
      </bdi>
      <time className={styles['time']}>{words.rowTime(hit.sentAt, now)}</time>
      <span className={styles['by']}>
        <bdi>{author}</bdi> · <bdi>{plainName(hit.title, say('name.none'))}</bdi>
      </span>
    </>
  );
}

function Marked({ text, looked }: { readonly text: string; readonly looked: readonly string[] }): ReactNode {
  return highlight(text, looked).map((part, index) =>
    part.hit ? (
      // The stretches of one text never change places.
      // oxlint-disable-next-line react/no-array-index-key
      <mark key={index}>{part.text}</mark>
    ) : (
      part.text
    ),
  );
}
