import { useState, type FormEvent, type ReactNode } from 'react';
import type { AccountRow } from '../../shared/contract/account.ts';
import type { ContactRow } from '../../shared/contract/conversation.ts';
import type { NetworkId } from '../../shared/ids.ts';
import type { FlowStart } from '../../shared/lane/flow.ts';
import { chatCodes, codeText, recognise } from '../../shared/code.ts';
import { accountName } from '../accounts/name.ts';
import { FlowProgress } from '../accounts/progress.tsx';
import { useAccounts } from '../accounts/store.ts';
import { openConversation, showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble, Trouble } from '../flows/trouble.tsx';
import { useFlow, useOpening } from '../flows/use-flow.ts';
import { Scanner } from '../scan/scanner.tsx';
import { Button } from '../ui/button.tsx';
import { Choice } from '../ui/choice.tsx';
import { TextField } from '../ui/field.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import { Contacts } from './contacts.tsx';
import { InviteCode } from './invite.tsx';
import styles from './new-chat.module.css';

/** Whether what was typed is a link or code rather than an address. */
function isInvite(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/iu.test(text.trim());
}

function startOf(text: string): FlowStart {
  const typed = text.trim();
  return isInvite(typed) ? { kind: 'join', link: typed } : { kind: 'chat', address: typed };
}

/** Networks whose people are met by an invitation of mine. */
const INVITES: readonly NetworkId[] = ['email', 'nostr'];

/**
 * A new conversation: by name, by address or invitation, or by giving out an invitation of mine. `code`: what a link from outside filled in; it
 * begins nothing.
 */
export function NewChatSheet({ code }: { readonly code: string | null }): ReactNode {
  const accounts = useAccounts((state) => state.rows) ?? [];
  const [chosen, setChosen] = useState<AccountRow['id'] | null>(null);
  const taker =
    code === null ? undefined : accounts.find(({ network }) => chatCodes[network].includes(recognise(code)));
  const account = accounts.find((row) => row.id === chosen) ?? taker ?? accounts[0];
  return (
    <Sheet title={say('new.title')} sub={say(wordsFor(account?.network).sub)} onClose={() => showSheet(null)}>
      {account === undefined ? (
        <p className={styles['stated']}>{say('new.no-account')}</p>
      ) : (
        <div className={styles['parts']}>
          {accounts.length > 1 ? (
            <Choice
              label={say('new.from')}
              value={account.id}
              options={accounts.map((row) => ({ value: row.id, label: accountName(row) }))}
              onChange={setChosen}
            />
          ) : null}
          <Start key={`start ${account.id}`} account={account} code={code} />
          {account.groups ? (
            <div>
              <Button onClick={() => showSheet({ kind: 'new-group' })}>{say('group.new')}</Button>
            </div>
          ) : null}
          {INVITES.includes(account.network) ? <Mine key={`mine ${account.id}`} account={account} /> : null}
        </div>
      )}
    </Sheet>
  );
}

/** By what people are reached on a network, in words. */
function wordsFor(network: NetworkId | undefined) {
  switch (network) {
    case 'signal':
      return {
        sub: 'new.sub.signal',
        field: 'new.field.signal',
        hint: 'new.field.signal.hint',
        place: 'signal-chat',
      } as const;
    case 'nostr':
      return {
        sub: 'new.sub.nostr',
        field: 'new.field.nostr',
        hint: 'new.field.nostr.hint',
        place: 'nostr-chat',
      } as const;
    default:
      return { sub: 'new.sub', field: 'new.field', hint: 'new.field.hint', place: null } as const;
  }
}

function Start({ account, code }: { readonly account: AccountRow; readonly code: string | null }): ReactNode {
  const [text, setText] = useState(code ?? '');
  const flow = useFlow();
  const { step } = flow;
  useOpening(step);

  // A code of another kind is named and does not even reach a lane.
  const kind = recognise(text);
  const wanted = chatCodes[account.network];
  const isRefused = kind !== 'unknown' && !wanted.includes(kind);
  const mayStart = text.trim() !== '' && !isRefused && !flow.running;

  function begin(event: FormEvent): void {
    event.preventDefault();
    if (mayStart) flow.start(startOf(text), account.network, account.id);
  }

  function pick({ conversation: there, chat }: ContactRow): void {
    if (there !== null) openConversation(there);
    else if (!flow.running) flow.start({ kind: 'chat', address: chat }, account.network, account.id);
  }

  const byName = account.network === 'signal';
  const { field, hint, place } = wordsFor(account.network);
  return (
    <div className={styles['start']}>
      <form className={styles['start']} onSubmit={begin}>
        <div className={styles['line']}>
          <TextField
            label={say(field)}
            placeholder={say(hint)}
            name="to"
            autoComplete="off"
            spellCheck={false}
            maxLength={4_000}
            data-first
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button look="go" type="submit" disabled={!mayStart}>
            {say('new.go')}
          </Button>
        </div>
        {code !== null && text === code ? <p className={styles['stated']}>{say('link.outside')}</p> : null}
        {isInvite(text) || (!byName && text.trim() === '') ? null : (
          <Contacts account={account.id} text={text} disabled={flow.running} onPick={pick} />
        )}
        {isRefused ? (
          <Trouble {...words.codeRefused(kind, wanted)} />
        ) : step?.kind === 'failed' ? (
          <FlowTrouble why={step.why} place={place} />
        ) : null}
        {flow.error === null ? null : <ErrorTrouble kind={flow.error} />}
        {flow.running ? <FlowProgress step={step} onStop={flow.stop} /> : null}
      </form>
      {wanted.length === 0 ? null : (
        <>
          <p className={styles['stated']}>{say('new.scan')}</p>
          <Scanner accepts={wanted} field={false} onCode={(found) => setText(codeText(found) ?? '')} />
        </>
      )}
    </div>
  );
}

function Mine({ account }: { readonly account: AccountRow }): ReactNode {
  const flow = useFlow();
  const { step } = flow;
  return (
    <section className={styles['mine']}>
      <h3>{say('new.mine')}</h3>
      <p className={styles['stated']}>
        {say(account.network === 'nostr' ? 'new.mine.nostr.means' : 'new.mine.means')}
      </p>
      {step?.kind === 'show-code' ? (
        <InviteCode text={step.text} expiresAt={step.expiresAt} />
      ) : flow.running ? (
        <FlowProgress step={step} onStop={flow.stop} />
      ) : (
        <Button onClick={() => flow.start({ kind: 'invite' }, account.network, account.id)}>
          {say('new.mine.show')}
        </Button>
      )}
      {step?.kind === 'failed' ? <FlowTrouble why={step.why} /> : null}
      {flow.error === null ? null : <ErrorTrouble kind={flow.error} />}
    </section>
  );
}
