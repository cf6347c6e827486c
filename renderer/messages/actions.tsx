import { Copy, Ellipsis, Info, Reply, SmilePlus, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import { insist, newRequest } from '../app/core.ts';
import { copyText } from '../app/host.ts';
import { showDetails } from '../app/view.ts';
import { replyTo } from '../composer/store.ts';
import { IconButton } from '../ui/button.tsx';
import { cx } from '../ui/classes.ts';
import { Menu } from '../ui/menu.tsx';
import { say } from '../words.ts';
import styles from './actions.module.css';
import { EmojiPicker } from './emoji-picker.tsx';
import { ownReactions, toggleReaction } from './reactions.tsx';
import type { SaidRow } from './state.ts';

/** What can be done with a message; shown beside it while it is pointed at or has the focus. */
export function RowActions({
  row,
  chat,
  onBusy,
}: {
  readonly row: SaidRow;
  readonly chat: ConversationRow;
  /** Told when one of its menus opens or closes. */
  readonly onBusy: (busy: boolean) => void;
}): ReactNode {
  const canWrite = chat.state === 'active';
  const left =
    row.sending !== null &&
    !row.sending.waits &&
    !['queued', 'held', 'failed', 'cancelled'].includes(row.sending.state);
  const forAll = left && chat.can['delete-for-all'] === 'yes';
  return (
    <fieldset
      className={cx(styles['actions'], row.author.me && styles['mine'])}
      aria-label={say('message.actions')}
    >
      {canWrite && chat.can.quote !== 'no' ? (
        <IconButton label={say('message.reply')} onClick={() => replyTo(chat.id, row)}>
          <Reply aria-hidden="true" />
        </IconButton>
      ) : null}
      {canWrite && chat.can.reaction !== 'no' ? (
        <EmojiPicker
          own={ownReactions(row)}
          onPick={(emoji) => toggleReaction(row, chat, emoji)}
          onOpenChange={onBusy}
          trigger={
            <IconButton label={say('message.react')}>
              <SmilePlus aria-hidden="true" />
            </IconButton>
          }
        />
      ) : null}
      <IconButton label={say('message.details')} onClick={() => showDetails(row.id)}>
        <Info aria-hidden="true" />
      </IconButton>
      <Menu
        align={row.author.me ? 'end' : 'start'}
        onOpenChange={onBusy}
        trigger={
          <IconButton label={say('app.more')}>
            <Ellipsis aria-hidden="true" />
          </IconButton>
        }
        items={[
          {
            key: 'copy',
            icon: <Copy aria-hidden="true" />,
            label: say('message.copy'),
            onSelect: () => copyText(row.content.text),
          },
          {
            key: 'delete',
            icon: <Trash2 aria-hidden="true" />,
            label: say(forAll ? 'message.delete-for-all' : 'message.delete'),
            means: say(forAll ? 'message.delete-for-all.means' : 'message.delete.means'),
            onSelect: () => {
              insist('message.delete', { request: newRequest(), id: row.id }).catch(() => undefined);
            },
          },
        ]}
      />
    </fieldset>
  );
}
