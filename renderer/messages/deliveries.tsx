import type { ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { MessageDetails } from '../../shared/contract/message.ts';
import { plainName } from '../../shared/words/plain-name.ts';
import { cx } from '../ui/classes.ts';
import { say, words } from '../words.ts';
import styles from './details.module.css';

/** Where a message went, when that is more than one place. */
export function Deliveries({
  deliveries,
  chat,
}: {
  readonly deliveries: MessageDetails['deliveries'];
  readonly chat: ConversationRow;
}): ReactNode {
  if (deliveries.length <= 1) return null;
  // The person before their devices.
  const rows = deliveries.toSorted(
    (left, right) => Number(right.to === chat.peer) - Number(left.to === chat.peer),
  );
  return (
    <>
      <h3 className={styles['heading']}>{say('details.deliveries')}</h3>
      <ul className={cx(styles['list'], styles['went'])}>
        {rows.map(({ to, state }) => (
          <li key={to}>
            <Destination to={to} chat={chat} />
            <span>{words.sendState(state, chat.label.network)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** A device of a person on Signal, named by its account and its number there. */
const DEVICE = /^[0-9a-f-]{36}\.(\d{1,3})$/u;

/** Whom a delivery went to: the person, one of their devices, else an address. */
function Destination({ to, chat }: { readonly to: string; readonly chat: ConversationRow }): ReactNode {
  const device = chat.label.network === 'signal' ? DEVICE.exec(to)?.[1] : undefined;
  if (device !== undefined) return <span>{say('details.device', { number: device })}</span>;
  return <bdi className="said">{plainName(to === chat.peer ? chat.title : to)}</bdi>;
}
