import type { ReactNode } from 'react';
import type { AccountId } from '../../shared/ids.ts';
import { say } from '../words.ts';
import { AskSheet } from './flow-sheet.tsx';

/** Where an account is found, and where invitations reach it. */
export function RelaysSheet({ account }: { readonly account: AccountId }): ReactNode {
  return (
    <AskSheet
      account={account}
      network="nostr"
      start={{ kind: 'relays' }}
      place="nostr-add"
      words={{
        title: say('nostr.relays.title'),
        sub: say('nostr.relays.sub'),
        done: say('nostr.relays.done'),
        doneMeans: say('nostr.relays.done.means'),
      }}
    >
      <p>{say('nostr.relays.chats')}</p>
      <p>{say('nostr.relays.elsewhere')}</p>
    </AskSheet>
  );
}
